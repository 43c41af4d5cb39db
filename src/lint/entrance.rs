//! What somebody may do who can reach the server and has no password.

use super::Case;
use crate::config::acl::Rights;
use crate::config::{Config, DefinedUser, Value};
use crate::source::Span;
use crate::syntax::{Mode, Reading};

/// Whether a connection that has not logged in can do anything.
#[derive(Debug)]
pub(super) enum Entrance {
    /// It may read or change data, or the server.
    Open {
        /// What makes it so; `None` if nothing was said.
        by: Option<Span>,
        /// What such a connection may do.
        rights: Rights,
    },
    /// It must log in first, or may do nothing that matters.
    Guarded,
    /// A template says, or a file that was not read.
    Unknown,
}

impl Entrance {
    /// What a case says of it.
    pub(super) fn of(case: &Case<'_>) -> Self {
        if case.mode == Mode::AclFile {
            return Self::of_users(case.reading, case.config, case.reading.templated);
        }
        match case.get("aclfile") {
            Some(Value::Text(path)) if !path.is_empty() => {
                return case.users_file.map_or(Self::Unknown, |file| {
                    let entrance = Self::of_users(&file.reading, &file.config, file.reading.templated);
                    // The place lies in another text.
                    match entrance {
                        Self::Open { rights, .. } => {
                            Self::Open { by: case.set_by("aclfile").map(|id| case.at(id)), rights }
                        }
                        Self::Guarded | Self::Unknown => entrance,
                    }
                });
            }
            Some(Value::Unknown) => return Self::Unknown,
            Some(_) | None => {}
        }
        if let Some(default) = default_user(case.reading, case.config) {
            return Self::of_default(case.reading, &default);
        }
        match case.has_secret("requirepass") {
            Some(true) => Self::Guarded,
            Some(false) if !case.is_partial() => Self::stock(case),
            Some(false) | None => Self::Unknown,
        }
    }

    fn of_users(reading: &Reading, config: &Config, templated: bool) -> Self {
        match default_user(reading, config) {
            Some(default) => Self::of_default(reading, &default),
            None if templated => Self::Unknown,
            None => Self::Open { by: None, rights: Rights::of_stock_default(config.server) },
        }
    }

    fn of_default(reading: &Reading, default: &DefinedUser<'_>) -> Self {
        match &default.rights {
            None => Self::Unknown,
            Some(rights) if rights.on && rights.nopass && rights.reaches_data() => {
                Self::Open { by: Some(reading.statement(default.by).at), rights: rights.clone() }
            }
            Some(_) => Self::Guarded,
        }
    }

    fn stock(case: &Case<'_>) -> Self {
        Self::Open { by: None, rights: Rights::of_stock_default(case.config.server) }
    }
}

/// The statement that defines the user whom every connection starts as.
pub(super) fn default_user<'a>(reading: &'a Reading, config: &Config) -> Option<DefinedUser<'a>> {
    config.users(reading).into_iter().find(DefinedUser::is_default)
}
