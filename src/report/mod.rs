//! How results look: for people and as JSON.
//!
//! Each command fills a structure of this room; the structure has two looks, a text for people and itself as JSON.
//! Nothing is decided here but the looks: whether there is colour and how wide the terminal is, the caller says in a
//! [`Look`]. Texts of files are shown word by word, and only where [`crate::config::Visible`] allows it. Nothing here
//! prints, but for [`Out`], which writes what it is given.

mod adopted;
mod applied;
mod bench;
mod compared;
mod difference;
pub mod doctor;
mod explained;
mod factored;
mod findings;
mod fingerprint;
mod fix;
mod frame;
mod html;
mod imported;
pub mod lint;
mod listing;
mod live;
mod look;
mod metrics;
mod nodes;
mod out;
mod peers;
mod place;
mod quick;
mod radius;
mod rollout;
mod rules;
mod table;
mod traced;
mod upgraded;

pub use adopted::{AddedLine, Adoption, OtherwiseLine, ValueLine};
pub use applied::{
    AppliedServer, ApplyReport, ApplyStatus, HazardLine, LeftLine, RewriteLine, StepStateLine, UndoReport,
};
pub use bench::{BenchOf, BenchReport};
pub use compared::{Compared, DifferenceLine, HeldLine, SideLine};
pub use difference::{Side, difference};
pub use explained::{DirectivePage, HistoryLine};
pub use factored::{FactoredFleet, FactoredInstance, FactoredLayer, NotImported, OutlierLine, SecretOfFleet};
pub use findings::{Counts, FindingLine, LabelLine, Verdict, human, lines, tally};
pub use fingerprint::Fingerprint;
pub use fix::{FixLine, Replacement};
pub use imported::{Import, ImportCounts, LayerLine, LeftoverLine, SecretLine};
pub use listing::{Listing, ListingLine};
pub use live::{DriftLine, LiveCounts, LiveReport, LiveServer, LiveStatus};
pub use look::{Look, Role};
pub use metrics::LastSuccess;
pub use out::Out;
pub use peers::{PeerLine, PeerValue, PeersReport, SplitLine};
pub use place::{Place, Places, ServerUsed, shown_path};
pub use radius::{InstanceLine, Radius, RadiusCounts};
pub use rollout::TurnLine;
pub use rules::{RuleList, RulePage};
pub use table::columns;
pub use traced::{AssignmentLine, Fate, Traced};
pub use upgraded::{StepLine, UpgradeReport};

use serde::Serialize;

/// The number that JSON output carries; it grows when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// A result as JSON: the schema version, the command, and the fields of the result; ends with a newline.
///
/// # Panics
/// If a structure of this room is no JSON object, which their tests exclude.
#[must_use]
pub fn json(command: &'static str, result: &impl Serialize) -> String {
    #[derive(Serialize)]
    struct Envelope<'a, T> {
        schema_version: u32,
        command: &'static str,
        #[serde(flatten)]
        result: &'a T,
    }
    let envelope = Envelope { schema_version: SCHEMA_VERSION, command, result };
    let mut text = serde_json::to_string_pretty(&envelope).expect("results are plain structures");
    text.push('\n');
    text
}
