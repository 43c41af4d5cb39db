//! Project files, and the settings and policies of users.

use redisconf::config::Visible;
use redisconf::lint::{Inspection, Verdict};
use redisconf::server;
use redisconf::source::{Name, SourceId, Sources, Span};
use redisconf::syntax::{project, settings};

use super::shown::{Examination, in_every_format};

pub(super) fn holds(text: &[u8]) {
    let mut sources = Sources::new();
    let id = sources.add(Name::File("redisconf.toml".into()), text.to_vec());
    let all = [
        project::read(&sources, id).1,
        project::read_settings(&sources, id).1,
        project::read_instance(sources.clone(), id, "one").1,
        settings::read_user(&sources, id).1,
        settings::read_policies(&sources, id).1,
    ];
    for findings in all {
        in_every_format(Examination {
            server: server::all()[0],
            visible: &Visible::of_project(&findings, &[]),
            inspection: Inspection { findings, verdict: Verdict::Starts, silent: Vec::new() },
            sources: &sources,
            anchor: Span { source: SourceId::ROOT, start: 0, end: 0 },
            lowering: None,
        });
    }
}
