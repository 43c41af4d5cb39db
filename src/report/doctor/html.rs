//! A diagnosis as a page: status, charts, findings with what they rest on, what to do, and what could not be judged.

use std::fmt::Write as _;

use super::super::html::{foot, head};
use super::super::lint::escape::Xml;
use super::human::FIRST;
use super::keys::{KeyLine, Keyspace};
use super::{Checkup, CheckupLine, Checkups};
use crate::facts::bytes_text;

impl Checkups {
    /// The page of all servers.
    #[must_use]
    pub fn html(&self) -> String {
        let title = match self.servers.as_slice() {
            [one] => format!("Diagnosis of {}", one.name),
            all => format!("Diagnosis of {} servers", all.len()),
        };
        let mut text = head(&title);
        let _ = writeln!(text, "<header><h1>{}</h1>", Xml(&title));
        if self.servers.len() > 1 {
            text.push_str("<nav aria-label=\"Servers\"><ul>\n");
            for (number, server) in (1..).zip(&self.servers) {
                let _ = writeln!(text, "<li><a href=\"#s{number}\">{}</a></li>", Xml(&server.name));
            }
            text.push_str("</ul></nav>\n");
        }
        text.push_str("</header>\n<main id=\"content\">\n");
        for (number, server) in (1..).zip(&self.servers) {
            server.section(number, &mut text);
        }
        text.push_str("</main>\n");
        text + foot()
    }
}

impl Checkup {
    fn section(&self, number: usize, text: &mut String) {
        let _ = writeln!(text, "<section id=\"s{number}\" aria-labelledby=\"s{number}-name\">");
        let _ = writeln!(text, "<h2 id=\"s{number}-name\">{}</h2>", Xml(&self.name));
        if let Some(reason) = &self.reason {
            let help = self.help.as_deref().unwrap_or_default();
            let _ = writeln!(
                text,
                "<div class=\"card finding of-error\"><p><strong class=\"tag error\">no answer</strong>{}</p><p>{}</p></div>\n</section>",
                Xml(reason),
                Xml(help)
            );
            return;
        }
        let moment = match self.window {
            Some(seconds) => format!("two moments {seconds:.0} s apart"),
            None => "one moment; rates are averages since the start".into(),
        };
        let sent = if self.commands > 0 { format!(", {} commands sent", self.commands) } else { String::new() };
        let counts: Vec<String> = self.counts.words().into_iter().map(|(_, words)| words).collect();
        let counts = if counts.is_empty() { "nothing was found".to_owned() } else { counts.join(" · ") };
        let _ = writeln!(
            text,
            "<p><strong>{}</strong></p>\n<p class=\"muted\">{}, {moment}{sent}, {} rules judged.</p>",
            Xml(&counts),
            Xml(&self.taken),
            self.judged
        );
        text.push_str("<h3>Current status</h3>\n<dl class=\"vitals\">\n");
        for vital in &self.vitals {
            let _ = writeln!(text, "<div><dt>{}</dt><dd>{}</dd></div>", vital.name, Xml(&vital.value));
        }
        text.push_str("</dl>\n");
        self.worst(number, text);
        self.figures(number, text);
        self.findings_of(number, text);
        self.keyspace_of(text);
        self.clients_of(number, text);
        self.todo(number, text);
        self.unjudged_of(text);
        text.push_str("</section>\n");
    }

    /// The worst, each leading to what it rests on.
    fn worst(&self, number: usize, text: &mut String) {
        if self.findings.is_empty() {
            return;
        }
        text.push_str("<h3>At first sight</h3>\n<ul class=\"card worst\">\n");
        for (at, finding) in (1..).zip(self.findings.iter().take(FIRST)) {
            let severity = finding.severity.word();
            let _ = writeln!(
                text,
                "<li><span class=\"tag {severity}\">{severity}</span><a href=\"#s{number}-f{at}\">{}</a></li>",
                code(&finding.message)
            );
        }
        text.push_str("</ul>\n");
    }

    fn figures(&self, number: usize, text: &mut String) {
        if self.charts.is_empty() {
            return;
        }
        text.push_str(
            "<h3>In figures</h3>\n<p class=\"muted\">A dashed outline is a limit, a full bar a value, a point a moment.</p>\n<div class=\"charts\">\n",
        );
        for (at, chart) in (1..).zip(&self.charts) {
            let _ = writeln!(
                text,
                "<div class=\"card\"><h4>{}</h4><p class=\"muted\">{}</p>\n{}</div>",
                Xml(chart.title),
                Xml(&chart.says),
                chart.svg(&format!("s{number}-c{at}"))
            );
        }
        text.push_str("</div>\n");
    }

    fn findings_of(&self, number: usize, text: &mut String) {
        text.push_str("<h3>Issues</h3>\n");
        if self.findings.is_empty() {
            text.push_str("<p>None was found.</p>\n");
        }
        for (at, finding) in (1..).zip(&self.findings) {
            issue(text, finding, &format!("s{number}-f{at}"));
        }
    }

    fn todo(&self, number: usize, text: &mut String) {
        let some: Vec<(&str, &str)> =
            self.findings.iter().filter_map(|finding| Some((finding.help.as_deref()?, &*finding.rule))).collect();
        if some.is_empty() && self.patch.is_none() {
            return;
        }
        text.push_str("<h3>Recommendations</h3>\n<ol class=\"todo\">\n");
        for (help, rule) in some {
            let _ = writeln!(text, "<li>{} <span class=\"muted\">({rule})</span></li>", code(help));
        }
        text.push_str("</ol>\n");
        if let Some(patch) = &self.patch {
            let _ = writeln!(
                text,
                "<h4 id=\"s{number}-patch\">As a profile</h4>\n<p>For <code>redisconf lint</code>, <code>verify</code> and \
                 <code>apply</code>; <code>--patch doctor.toml</code> writes it.</p>\n\
                 <pre tabindex=\"0\" role=\"region\" aria-labelledby=\"s{number}-patch\"><code>{}</code></pre>",
                Xml(patch)
            );
        }
    }

    fn keyspace_of(&self, text: &mut String) {
        let Some(keys) = &self.keyspace else { return };
        let _ = writeln!(
            text,
            "<h3>Keys</h3>\n<p>{}.</p>\n<p class=\"muted\">{}</p>",
            Xml(&keys.cost()),
            Xml(&keys.certainty())
        );
        let columns = |first| [&[first], &Keyspace::COLUMNS[1..]].concat();
        let lines = keys.prefixes.iter().chain([&keys.all]).map(KeyLine::cells);
        table(text, "By prefix", &columns("prefix"), lines);
        table(text, "By type and encoding", &columns("encoding"), keys.encodings.iter().map(KeyLine::cells));
        let largest = keys.largest.iter().map(|key| {
            let expires = if key.is_lasting { "no" } else { "yes" };
            vec![key.name.clone(), key.encoding.clone(), bytes_text(key.bytes), expires.to_owned()]
        });
        table(text, "The largest that were met", &["shape of the name", "encoding", "size", "expires"], largest);
        if !keys.advice.is_empty() {
            text.push_str("<h4>Times to live</h4>\n<ul>\n");
            for advice in &keys.advice {
                let _ = writeln!(text, "<li>{}</li>", code(advice));
            }
            text.push_str("</ul>\n");
        }
    }

    fn clients_of(&self, number: usize, text: &mut String) {
        let Some(advice) = &self.clients else { return };
        text.push_str("<h3>For those who connect</h3>\n");
        table(text, "Numbers for clients", &["what", "value", "because"], advice.lines().into_iter().map(Vec::from));
        for (at, snippet) in (1..).zip(&advice.libraries) {
            let _ = writeln!(
                text,
                "<h4 id=\"s{number}-l{at}\">{}</h4>\n<p class=\"muted\">By default {}.</p>\n\
                 <pre tabindex=\"0\" role=\"region\" aria-labelledby=\"s{number}-l{at}\"><code>{}</code></pre>",
                snippet.library,
                code(snippet.defaults),
                Xml(&snippet.text)
            );
        }
    }

    fn unjudged_of(&self, text: &mut String) {
        if self.silent.is_empty() {
            return;
        }
        text.push_str("<h3>What could not be judged</h3>\n");
        let rows = self.silent.iter().map(|line| {
            let why = line.why.as_deref().unwrap_or("it was not said");
            vec![line.what.clone(), why.to_owned(), line.rules.join(", ")]
        });
        table(text, "Rules that were silent, and what they lacked", &["for want of", "why", "rules"], rows);
    }
}

fn issue(text: &mut String, finding: &CheckupLine, id: &str) {
    let severity = finding.severity.word();
    let _ = writeln!(
        text,
        "<article id=\"{id}\" class=\"card finding of-{severity}\"><h4><span class=\"tag {severity}\">{severity}</span>{}</h4>\n\
         <p class=\"muted\"><code>{}</code></p>",
        code(&finding.message),
        Xml(&finding.rule)
    );
    if !finding.evidence.is_empty() {
        let rows =
            finding.evidence.iter().map(|line| vec![line.name.clone(), line.shown.clone(), line.from.to_owned()]);
        table(text, "Evidence", &["measured", "value", "from"], rows);
    }
    if let Some(threshold) = &finding.threshold {
        let _ = writeln!(
            text,
            "<p><strong>Threshold:</strong> {} <span class=\"muted\">({})</span></p>",
            code(&threshold.says),
            Xml(threshold.source)
        );
    }
    if let Some(help) = &finding.help {
        let _ = writeln!(text, "<p><strong>What to do:</strong> {}</p>", code(help));
    }
    for change in &finding.changes {
        let _ = writeln!(
            text,
            "<p><strong>Change:</strong> <code>{} {}</code></p>",
            Xml(&change.directive),
            Xml(&change.value)
        );
    }
    text.push_str("</article>\n");
}

/// A table with a caption; it scrolls by itself where it is wider than the page.
fn table(text: &mut String, caption: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let _ = write!(
        text,
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table><caption>{0}</caption>\n<thead><tr>",
        Xml(caption)
    );
    for name in head {
        let _ = write!(text, "<th scope=\"col\">{}</th>", Xml(name));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        text.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            let (open, close) = if at == 0 { ("<th scope=\"row\">", "</th>") } else { ("<td>", "</td>") };
            let _ = write!(text, "{open}{}{close}", code(cell));
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody></table></div>\n");
}

/// Prose with code between backticks.
fn code(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    let is_paired = pieces.len() % 2 == 1;
    let mut out = String::new();
    for (at, piece) in pieces.into_iter().enumerate() {
        let _ = match (is_paired, at % 2) {
            (true, 1) => write!(out, "<code>{}</code>", Xml(piece)),
            (false, 1..) => write!(out, "`{}", Xml(piece)),
            (true | false, _) => write!(out, "{}", Xml(piece)),
        };
    }
    out
}
