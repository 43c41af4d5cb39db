//! Leaving the server as it was, as far as that goes, and finding out how far it went.

use std::thread;

use super::health::number;
use super::{Ended, Event, Hand, Left, Record, Stop, names};
use crate::plan::Step;

impl<'a> Hand<'a> {
    /// Takes everything back, last first, and looks how the server then is.
    pub(super) fn withdraw(mut self, stop: &Stop, record: &mut Record<'_>) -> Ended {
        let mut reason = stop.to_string();
        let sent: Vec<&'a Step> = self.set.iter().rev().copied().collect();
        if sent.is_empty() {
            return Ended { state: Left::AsBefore, reason: Some(reason), set: Vec::new(), evicted: 0 };
        }
        // What was recorded as begun stays on record even if this cannot be recorded any more.
        let _ = record(Event::TakingBack(&sent));
        let mut last = None;
        for attempt in 0..self.manner.attempts.max(1) {
            if attempt > 0 {
                thread::sleep(self.grip.pause(attempt));
            }
            let left = match self.take_back(&sent) {
                Ok(left) => left,
                Err(stop) => {
                    self.grip.drop();
                    let is_final = matches!(stop, Stop::Restarted);
                    last = Some(stop.to_string());
                    if is_final {
                        break;
                    }
                    continue;
                }
            };
            let evicted =
                self.grip.info().map_or(0, |info| number(&info, "evicted_keys")).saturating_sub(self.evicted_before);
            if left.is_empty() {
                let _ = record(Event::TakenBack(&sent));
                return Ended { state: Left::AsBefore, reason: Some(reason), set: Vec::new(), evicted };
            }
            return Ended { state: Left::Between, reason: Some(reason), set: left, evicted };
        }
        if let Some(last) = last.filter(|last| *last != reason) {
            reason = format!("{reason}; then: {last}");
        }
        Ended { state: Left::Unknown, reason: Some(reason), set: names(&self.set), evicted: 0 }
    }

    /// Sets what is not as before, one by one; gives what still is not.
    fn take_back(&mut self, sent: &[&'a Step]) -> Result<Vec<&'static str>, Stop> {
        let all = names(sent);
        let mut left = self.not_as_before(sent, &all)?;
        // Twice: what was read, or the answer to what was sent, may have come broken.
        for _ in 0..2 {
            if left.is_empty() {
                break;
            }
            self.restore(&left)?;
            left = self.not_as_before(sent, &all)?;
        }
        Ok(names(&left))
    }

    fn restore(&mut self, left: &[&'a Step]) -> Result<(), Stop> {
        // All at once first: some values are only taken together, such as a certificate and its key.
        if self.plan.is_atomic() && left.len() > 1 {
            let pairs: Vec<(&str, &[u8])> = left.iter().map(|step| (step.name, step.was.as_slice())).collect();
            match self.config_set(&pairs) {
                Err(Stop::Refused { .. }) => {}
                other => return other,
            }
        }
        for step in left {
            match self.config_set(&[(step.name, &step.was)]) {
                // One that cannot be taken back keeps none of the others from it.
                Ok(()) | Err(Stop::Refused { .. }) => {}
                Err(stop) => return Err(stop),
            }
        }
        Ok(())
    }

    fn not_as_before(&mut self, sent: &[&'a Step], all: &[&'static str]) -> Result<Vec<&'a Step>, Stop> {
        let values = self.grip.values(all)?;
        let is_left =
            |step: &&&Step| values.get(step.name).is_none_or(|value| !self.plan.is_same(step.name, value, &step.was));
        Ok(sent.iter().filter(is_left).copied().collect())
    }
}
