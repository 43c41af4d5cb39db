//! `redisconf watch`: looks again and again, and tells Prometheus how servers stand. Only reading commands are sent.

#![expect(clippy::disallowed_methods, reason = "it listens, and waits between two looks")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Question, exit_of, look_at};
use crate::cli::Exit;
use crate::cli::args::{Global, Watch};
use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::report::{LastSuccess, LiveReport};

/// How long one who asks for the metrics may take for it.
const PATIENCE: Duration = Duration::from_secs(2);

pub(in super::super) fn run(command: &Watch, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let question = Question {
        from: command.from.as_deref(),
        server: command.server,
        layers: &command.layers,
        reach: &command.reach,
        quiet: true, // it goes on for days
    };
    if command.reach.who.ask_password {
        return Err(Failure::new("nobody is there to be asked each time").help("use --password-file"));
    }
    if command.reach.live.iter().any(|live| live == "-") {
        return Err(Failure::new("standard input can be read only once").help("name a file"));
    }
    let mut last = LastSuccess::new();
    let Some(report) = look_at(&question, terminal)? else { return Ok(Exit::Found) };
    let mut text = told(&report, &mut last);
    if command.once {
        terminal.print(&text)?;
        return Ok(exit_of(&report));
    }
    let listener = TcpListener::bind(command.listen).map_err(|error| {
        Failure::new(format!("cannot listen on {}: {error}", command.listen)).help("choose another with --listen")
    })?;
    let shown = Arc::new(Mutex::new(String::new()));
    let ours = Arc::clone(&shown);
    if !global.quiet {
        let address = listener.local_addr().unwrap_or(command.listen);
        let interval = command.interval.as_secs();
        terminal.note(&format!("metrics on http://{address}/metrics, a look every {interval} s\n"))?;
    }
    thread::spawn(move || serve(&listener, &ours));
    loop {
        std::mem::swap(&mut *shown.lock().unwrap_or_else(PoisonError::into_inner), &mut text);
        thread::sleep(command.interval);
        // Passwords, profiles and projects are read again: they may have been changed.
        text = match look_at(&question, terminal) {
            Ok(Some(report)) => told(&report, &mut last),
            // What is shown stays, and so does its age.
            Ok(None) => shown.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Err(failure) => {
                terminal.complain(&failure)?;
                shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
            }
        };
    }
}

fn told(report: &LiveReport, last: &mut LastSuccess) -> String {
    let now = clock::seconds();
    report.note_success(now, last);
    report.metrics(now, last)
}

/// Answers one after the other; whoever is slow is left.
fn serve(listener: &TcpListener, shown: &Mutex<String>) {
    for stream in listener.incoming().flatten() {
        // That somebody hangs up is their business.
        let _ = answer(stream, shown);
    }
}

fn answer(mut stream: TcpStream, shown: &Mutex<String>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut request = [0; 4096];
    let mut length = 0;
    while length < request.len() && !request[..length].windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut request[length..])? {
            0 => break,
            read => length += read,
        }
    }
    let (status, body) = if request.starts_with(b"GET /metrics ") || request.starts_with(b"GET /metrics?") {
        ("200 OK", shown.lock().unwrap_or_else(PoisonError::into_inner).clone())
    } else if request.starts_with(b"GET /healthz ") {
        ("200 OK", "ok\n".to_owned())
    } else {
        ("404 Not Found", "see /metrics\n".to_owned())
    };
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}
