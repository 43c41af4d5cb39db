//! The page: one file with its style and its charts in it. It asks nobody for anything, and follows light and dark.

use super::{BenchReport, MeasureLine, chart, percent, value_of};

const STYLE: &str = "
:root { color-scheme: light dark; --back: #ffffff; --text: #1b1f24; --faint: #57606a; --line: #d0d7de;
  --a: #0969a6; --b: #b3470c; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --text: #e6edf3; --faint: #9aa4af; --line: #30363d;
  --a: #58b0f0; --b: #f0883e; } }
body { margin: 0 auto; padding: 2rem 1rem; max-width: 60rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.claim { font-size: 1.25rem; border-left: .3rem solid var(--faint); padding: .5rem 1rem; margin: 1rem 0; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
td { font-variant-numeric: tabular-nums; white-space: nowrap; } .faint, dt { color: var(--faint); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0; } dd { margin: 0; }
figure { margin: 1rem 0; overflow-x: auto; } svg { width: 100%; min-width: 32rem; height: auto; } svg text { fill: var(--faint); font-size: 12px; }
.grid { stroke: var(--line); } .a { --side: var(--a); } .b { --side: var(--b); }
.mark { fill: var(--side); fill-opacity: .55; stroke: var(--side); } .median { stroke: var(--side); stroke-width: 3; }
.line { fill: none; stroke: var(--side); stroke-width: 2; } .key { color: var(--side); font-weight: 600; }
@media print { body { max-width: none; padding: 0; } figure { break-inside: avoid; } }
";

pub(super) fn page(report: &BenchReport) -> String {
    let of = &report.of;
    let title = format!("{}: {} against {}", of.workload, escaped(&of.sides[0]), escaped(&of.sides[1]));
    let reason = report.reason.as_deref().map(|reason| format!(": {}", escaped(reason))).unwrap_or_default();
    let claim = format!("{}{reason}{}", report.claim, escaped(&report.differing()));
    let rows: String = report.measures.iter().map(row).collect();
    let charts: String = report
        .measures
        .iter()
        .map(|line| format!("<figure><figcaption>{}</figcaption>{}</figure>\n", line.name, chart::rounds(line)))
        .collect();
    let percentiles = chart::percentiles(&report.percentiles);
    let counts: String = report
        .counts
        .iter()
        .map(|line| {
            let value = |value: Option<u64>| value.map_or("-".to_owned(), |value| value.to_string());
            format!(
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n",
                line.name,
                value(line.a),
                value(line.b)
            )
        })
        .collect();
    let facts: String = facts(report)
        .into_iter()
        .map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(&value)))
        .collect();
    let level = (1.0 - report.level) * 100.0;
    let rate = super::number(report.rate);
    format!(
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{load}. <span class=\"key a\">A (circles)</span> is {a}, <span class=\"key b\">B (diamonds)</span> is {b}.</p>
<p class=\"claim\">{claim}</p>
<h2>Measures</h2>
<div class=\"scroll\"><table>
<thead><tr><th scope=\"col\">measure</th><th scope=\"col\">A, median</th><th scope=\"col\">B, median</th>\
<th scope=\"col\">B to A</th><th scope=\"col\">{level} % interval</th><th scope=\"col\">verdict</th></tr></thead>
<tbody>
{rows}</tbody></table></div>
<h2>Each round</h2>
{charts}<h2>Latency at {rate} a second</h2>
<figure>{percentiles}</figure>
<h2>Counted beside</h2>
<div class=\"scroll\"><table>
<thead><tr><th scope=\"col\">all rounds</th><th scope=\"col\">A</th><th scope=\"col\">B</th></tr></thead>
<tbody>
{counts}</tbody></table></div>
<h2>Where and how</h2>
<dl>
{facts}</dl>
<p class=\"faint\">A difference is claimed only if exchanging the results of A and B within rounds gives any measure a \
signed-rank sum as far out in at most {level_left} % of all ways. Latencies count from when a request was due.</p>
</main>
</body>
</html>
",
        load = escaped(&of.load()),
        a = escaped(&of.sides[0]),
        b = escaped(&of.sides[1]),
        level_left = report.level * 100.0,
    )
}

fn row(line: &MeasureLine) -> String {
    let interval = line.interval.map_or("-".to_owned(), |[low, high]| format!("{} to {}", percent(low), percent(high)));
    format!(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{interval}</td><td>{}</td></tr>\n",
        line.name,
        value_of(line.unit, line.a.median),
        value_of(line.unit, line.b.median),
        percent(line.change),
        line.verdict
    )
}

fn facts(report: &BenchReport) -> Vec<(&'static str, String)> {
    let (of, machine) = (&report.of, &report.machine);
    let mut facts = vec![("server", format!("{}, allocator {}", of.server, of.allocator))];
    let model = machine.model.as_deref().map(|model| format!(", {model}")).unwrap_or_default();
    facts.push(("processors", format!("{}{model}", machine.processors)));
    facts.extend(machine.governor.clone().map(|governor| ("governor", governor)));
    facts.extend(machine.kernel.clone().map(|kernel| ("kernel", kernel)));
    facts.extend(machine.memory.map(|bytes| ("memory", format!("{} MiB", bytes >> 20))));
    facts.extend(machine.load_average.map(|load| ("load average before", load.to_string())));
    facts.extend(machine.others.map(|share| ("taken by others", format!("{:.0} % of the processors", share * 100.0))));
    facts.push(("rounds", format!("{} of twice {} s, seed {}", of.rounds, of.seconds, of.seed)));
    facts.push(("not tried", report.not_tried.join(", ")));
    facts.push(("redisconf", of.redisconf.to_owned()));
    facts
}

/// Text that ends no element and begins none.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_no_element() {
        assert_eq!(escaped("<b a=\"'&'\">"), "&lt;b a=&quot;&#39;&amp;&#39;&quot;&gt;");
    }

    #[test]
    fn the_style_asks_nobody_for_anything() {
        for word in ["url(", "@import", "http"] {
            assert!(!STYLE.contains(word), "{word}");
        }
    }
}
