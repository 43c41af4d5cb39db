//! What must hold of every reader, whatever it is given: what fuzzing has found is replayed, and a short session tries more.
//!
//! `fuzz/README.md` says how long sessions are run; their invariants are those of `readers`. A session here is seeded and of
//! a bounded number of inputs, so that it is the same on every machine.

#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read and keep files")]
#![expect(clippy::print_stdout, reason = "what does not hold is named with its file")]

mod dice;
mod readers;
mod seeds;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dice::Dice;

/// No input may take longer, in a build without optimisation, on a machine that does other things as well.
const LONGEST: Duration = Duration::from_secs(20);

/// What a run of the fuzzer found, and what was mended then.
fn found(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/found").join(target)
}

/// Tries an input; one that fails is kept beside the build.
fn holds(target: &str, input: &[u8]) {
    let began = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| readers::run(target, input)));
    if outcome.is_err() || began.elapsed() > LONGEST {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}-failed"));
        std::fs::write(&path, input).unwrap();
        println!("{target} does not hold of {} after {:?}", path.display(), began.elapsed());
        outcome.map_or_else(|panic| resume_unwind(panic), |()| panic!("{target} took {:?}", began.elapsed()));
    }
}

/// So many inputs: a third are seeds as they are, from all over; the others are made of them.
fn session(target: &str, count: usize) {
    let seeds = seeds::of(target);
    assert!(!seeds.is_empty(), "{target} has no seeds");
    for seed in seeds.iter().step_by((seeds.len() * 3).div_ceil(count)) {
        holds(target, seed);
    }
    let mut dice = Dice::new(target);
    for _ in 0..count * 2 / 3 {
        holds(target, &dice.input(target, &seeds));
    }
}

/// A test for each target: its name, and how many inputs of dice its session has.
macro_rules! sessions {
    ($($name:ident $count:literal)*) => {
        mod sessions {
            $(#[test]
            fn $name() {
                super::session(stringify!($name), $count);
            })*
        }
        const SESSIONS: &[&str] = &[$(stringify!($name)),*];
    };
}

sessions! {
    acl_file 150
    argv 150
    conf 90
    embedded 150
    kept 150
    profile 90
    project 90
    undo 300
    wire 300
}

#[test]
fn every_target_has_a_session_and_a_file() {
    let names: Vec<&str> = readers::TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, SESSIONS);
    assert!(names.is_sorted());
    for name in names {
        let text = std::fs::read_to_string(format!("{}/fuzz/fuzz_targets/{name}.rs", env!("CARGO_MANIFEST_DIR")));
        assert!(text.unwrap().contains(&format!("\"{name}\"")), "{name}");
    }
}

#[test]
fn what_was_found_holds() {
    for (target, _) in readers::TARGETS {
        let Ok(files) = std::fs::read_dir(found(target)) else { continue };
        let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            println!("{}", path.display());
            holds(target, &std::fs::read(path).unwrap());
        }
    }
}

/// Writes the seeds where cargo-fuzz looks for them; ignored, for it is no test.
#[test]
#[ignore = "writes `fuzz/corpus`, for a session of cargo-fuzz"]
fn seeds_for_a_session() {
    for (target, _) in readers::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        std::fs::create_dir_all(&folder).unwrap();
        let mut dice = Dice::new(target);
        let seeds = seeds::of(target);
        let made: Vec<Vec<u8>> = (0..200).map(|_| dice.input(target, &seeds)).collect();
        for (number, seed) in seeds.iter().chain(&made).enumerate() {
            std::fs::write(folder.join(format!("seed-{number:04}")), seed).unwrap();
        }
    }
}
