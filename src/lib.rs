//! redisconf: configuration as code for Redis and Valkey.
//!
//! # The house
//!
//! Many inputs, one model, many outputs. Everything that can hold a configuration becomes the same [`config::Config`];
//! everything that is produced is made from one. Data flows one way, through rooms that each own one thing. A stage takes
//! values and returns values; only the rooms at the edge (`live`, `bench`, `cli`) touch files, sockets, the clock or the terminal.
//!
//! ```text
//!  profile.toml ──┐                                                  ┌─ render ─► artefacts
//!  redis.conf ────┤ survey        read(server)     resolve           ├─ lint ───► findings
//!  command line ──┴─► facts, ───► statements ────► Config ───────────┤
//!                     server                                         └─ compare with a Snapshot of a live server
//! ```
//!
//! | room, in import order | owns | may import |
//! |---|---|---|
//! | [`source`] | texts, spans, positions, where files come from | – |
//! | [`finding`] | findings and their severity | source |
//! | [`server`] | engines, the version tree, reading habits | – |
//! | [`catalog`] | which directives and commands exist in which version | server |
//! | [`facts`] | what is true of the place | source, server |
//! | [`syntax`] | readers of conf, command lines, profiles and the files around them; quoting; edits | source, finding, server, facts |
//! | [`config`] | values, resolving, refusals, layers, sizing | source, finding, server, catalog, facts, syntax |
//! | [`snapshot`] | what a live server said | source, server, facts, syntax |
//! | [`plan`] | differences by meaning | server, catalog, facts, config, snapshot |
//! | [`lint`] | rules | all above |
//! | [`render`] | artefacts for each target | source, finding, server, catalog, facts, config, syntax |
//! | [`mod@format`] | the one spelling of a text that means what it meant | source, finding, server, catalog, syntax, config |
//! | [`import`] | profiles made of configurations that people wrote | source, finding, server, catalog, facts, syntax, config, snapshot, render |
//! | [`upgrade`] | the text of one version for another | source, finding, server, catalog, facts, syntax, config, plan |
//! | [`live`] | booting and asking servers | server, snapshot, plan |
//! | [`mod@bench`] | load on servers, and what it says of two configurations | live |
//! | [`report`] | how results look | source, finding, server, catalog, facts, config, snapshot, plan, lint, bench |
//! | [`cli`] | the command line | all above |
//!
//! `tests/suite/layers.rs` holds the code to this table.
//!
//! # What was changed in the shape, and why
//!
//! * `config` imports `finding`: merging layers finds mistakes in profiles (an unknown directive, a final one that is
//!   touched) that have places in TOML. They are judgements on what a person wrote, not on a configuration, and arise only
//!   while layers are folded; carrying them out of the room as another type and wording them elsewhere would say all twice.
//! * What a server refuses is still recorded, not reported: [`config::Refusal`]s get their words in `lint`.
//! * A [`config::Setup`] stands between `config` and `render`: a configuration with the reasons, formulas and layers it
//!   came from. Renderers need those for comments, `why` for its answer, `render --check` for its causes.
//! * `format` is a room of its own: it needs the catalogue (which words tell upper from lower) and `config` (the proof that
//!   all versions read the new text as the old one), so it cannot be in `syntax`; it makes no artefact, so it is not in
//!   `render`; and it judges nothing, so it is not in `lint`.
//! * `import` is a room of its own: it is the way back, from a configuration to a profile. It needs the layers of `config`
//!   and, for its proof, `render`, so it stands below both; it judges nothing, so it is not in `lint`.
//! * `upgrade` is a room of its own: it rewrites a text and proves by comparing (`plan`) that it means what it meant; `plan`
//!   cannot edit, and `format` keeps every version's reading, which an upgrade does not.
//! * `bench` is a room of its own: it sends any command, as often as it can, which `live` must not be able to; and what it
//!   measures is judged by statistics, which know no directive. It needs servers that run, and nothing else, so it stands
//!   behind `live`; `report` draws what came of it, so it stands before `report`.
//!
//! *Every word is hidden* until [`config::Visible`] says that it may be shown.

pub mod bench;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod facts;
pub mod finding;
pub mod format;
pub mod import;
pub mod lint;
pub mod live;
pub mod plan;
pub mod render;
pub mod report;
pub mod server;
pub mod snapshot;
pub mod source;
pub mod syntax;
pub mod upgrade;
