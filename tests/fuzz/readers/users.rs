//! ACL files.

use redisconf::config::acl::Surroundings;
use redisconf::config::resolve_acl_file;
use redisconf::facts::Facts;
use redisconf::source::Name;
use redisconf::syntax::{Mode, acl_file};

use super::judged::{One, mends, survive};
use super::shown::{SECRET, holds as contains, with_line};
use super::version;

pub(super) fn holds(input: &[u8]) {
    let Some((server, text)) = version(input) else { return };
    if contains(text, SECRET.as_bytes()) {
        return;
    }
    let read = |text: &[u8]| {
        let reading = acl_file::read_template(Name::File("users.acl".into()), text, server);
        let config = resolve_acl_file(&reading, Surroundings::of(server));
        vec![One { reading, config, facts: Facts::default(), mode: Mode::AclFile }]
    };
    survive(&with_line(text, "user ann on >hunter2SECRET ~* +@all"), &read);
    survive(&with_line(text, "user ann on <hunter2SECRET (~* >hunter2SECRET"), &read);
    mends(text, &read);
}
