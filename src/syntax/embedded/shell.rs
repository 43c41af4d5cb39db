//! Command lines, split into words as those who run them do it, each word with the bytes it stands for.
//!
//! Three readers: the shell (`sh -c`, `CMD` without brackets), Docker Compose (a `command` that is one string) and systemd
//! (`ExecStart`). What they fill in at run time stays in the word, marked as open.

use std::ops::Range;

use crate::syntax::assembled::Assembled;
use crate::syntax::placeholder;

/// A word.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// What it stands for.
    pub(super) text: Assembled<'static>,
    /// Its bytes in the command line, quotes included.
    pub(super) range: Range<usize>,
    /// Whether it holds something that is filled in before words are split.
    pub(super) splits: bool,
    /// The quote around all of it.
    pub(super) quote: Option<u8>,
    /// Whether any quote or escape is in it.
    pub(super) is_quoted: bool,
}

impl Word {
    pub(super) fn bytes(&self) -> &[u8] {
        self.text.text()
    }
}

/// One command of a script.
#[derive(Clone, Debug, Default)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    /// Whether it runs inside `if`, `for`, `{` or `(`.
    pub(super) is_nested: bool,
    /// Whether its output goes into a pipe, it reads from one, or it runs in the background.
    pub(super) is_beside: bool,
    pub(super) behind: Behind,
}

/// What follows a command in its script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Behind {
    /// Other commands.
    #[default]
    Commands,
    /// None, but a newline or a closing word.
    Bytes,
    /// Not a byte.
    Nothing,
}

/// Words that are no commands; commands follow them.
const BEFORE_COMMANDS: &[&[u8]] = &[b"!", b"do", b"elif", b"else", b"if", b"then", b"until", b"while", b"{"];
/// Words that begin what a command then runs inside of.
const OPENERS: &[&[u8]] = &[b"case", b"for", b"if", b"until", b"while", b"{"];
/// Words that end it.
const CLOSERS: &[&[u8]] = &[b"done", b"esac", b"fi", b"}"];

/// The commands of a shell script.
pub(super) fn script(text: &Assembled<'_>) -> Vec<Command> {
    let mut lexer = Lexer::new(text);
    let mut commands: Vec<Command> = Vec::new();
    let mut command = Command::default();
    let (mut depth, mut parens) = (0_usize, 0_usize);
    let mut reads_pipe = false;
    loop {
        let token = lexer.token();
        match token {
            Token::Word(word) => {
                let is_first = command.words.is_empty() && !word.is_quoted;
                if is_first && OPENERS.contains(&word.bytes()) {
                    depth += 1;
                }
                if is_first && CLOSERS.contains(&word.bytes()) {
                    depth = depth.saturating_sub(1);
                } else if !(is_first && BEFORE_COMMANDS.contains(&word.bytes())) {
                    command.words.push(word);
                }
            }
            Token::Operator(operator) => {
                if !command.words.is_empty() {
                    command.is_nested = depth + parens > 0;
                    command.is_beside = reads_pipe || matches!(operator, b"|" | b"&" | b"|&");
                    command.behind = if operator == b"" { Behind::Nothing } else { Behind::Commands };
                    commands.push(std::mem::take(&mut command));
                }
                reads_pipe =
                    matches!(operator, b"|" | b"|&") || (reads_pipe && operator == b"\n" && commands.is_empty());
                match operator {
                    b"(" => parens += 1,
                    b")" => parens = parens.saturating_sub(1),
                    b"" => break,
                    _ => {}
                }
            }
        }
    }
    if let Some(last) = commands.last_mut().filter(|last| last.behind == Behind::Commands) {
        last.behind = Behind::Bytes;
    }
    commands
}

/// The words of a Compose command line, `$` already filled in. At `;`, `&`, `|`, `<` or `>` Compose stops and drops the rest.
pub(super) fn compose(text: &Assembled<'_>) -> Vec<Word> {
    let lexer = Lexer::new(text);
    let bytes = lexer.bytes;
    let mut words = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_whitespace() && !lexer.open[at] {
            at += 1;
            continue;
        }
        let mut word = Making::new(text, at);
        let mut quote: Option<u8> = None;
        let mut ends = false;
        while at < bytes.len() {
            let byte = bytes[at];
            if lexer.open[at] {
                word.splits |= quote.is_none();
            } else if byte == b'\\' && quote != Some(b'\'') {
                word.cut(at, 1);
                at += 1;
            } else if quote == Some(byte) {
                word.cut(at, 1);
                quote = None;
            } else if quote.is_none() && matches!(byte, b'"' | b'\'') {
                word.cut(at, 1);
                quote = Some(byte);
            } else if quote.is_none() && (byte.is_ascii_whitespace() || b";&|<>".contains(&byte)) {
                ends = !byte.is_ascii_whitespace();
                break;
            }
            at += 1;
        }
        let start = word.start;
        let word = word.finish(at.min(bytes.len()));
        if !(ends && word.range.end == start) {
            words.push(word);
        }
        if ends {
            break;
        }
    }
    words
}

/// The commands of a systemd line: words, with `;` alone between commands.
pub(super) fn systemd(text: &Assembled<'_>) -> Vec<Vec<Word>> {
    let bytes = text.text();
    let mut commands = vec![Vec::new()];
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let mut word = Making::new(text, at);
        let mut quote: Option<u8> = None;
        while at < bytes.len() {
            let byte = bytes[at];
            let next = bytes.get(at + 1).copied();
            if byte == b'\\' {
                // The escapes that occur stand for the byte behind them.
                word.cut(at, 1);
                at += 1;
            } else if quote == Some(byte) {
                word.cut(at, 1);
                quote = None;
            } else if quote.is_none() && matches!(byte, b'"' | b'\'') {
                word.cut(at, 1);
                quote = Some(byte);
            } else if quote.is_none() && byte.is_ascii_whitespace() {
                break;
            } else if matches!(byte, b'$' | b'%') && next == Some(byte) {
                word.cut(at, 1);
                at += 1;
            } else if byte == b'%' && next.is_some_and(|b| b.is_ascii_alphabetic()) {
                word.fill(at..at + 2);
                at += 1;
            } else if byte == b'$' {
                let length = variable(&bytes[at..]);
                // Only `$NAME` that is a word of its own is split.
                word.splits |= length > 1 && next != Some(b'{') && at == word.start;
                if length > 1 {
                    word.fill(at..at + length);
                    at += length - 1;
                }
            }
            at += 1;
        }
        let word = word.finish(at.min(bytes.len()));
        if word.bytes() == b";" && !word.is_quoted {
            commands.push(Vec::new());
        } else if let Some(command) = commands.last_mut() {
            command.push(word);
        }
    }
    commands
}

/// The text with `$$` made `$` and `$NAME`, `${…}` marked as open, as Compose fills in every string.
pub(super) fn interpolated(text: &Assembled<'_>) -> Assembled<'static> {
    let bytes = text.text();
    let mut out = Assembled::default();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(b"$$") {
            out.push_for(text.span(at, at + 2), b"$");
            at += 2;
        } else if rest[0] == b'$' && variable(rest) > 1 {
            let length = variable(rest);
            out.push_open(text, at..at + length);
            at += length;
        } else {
            let length = rest[1..].iter().position(|b| *b == b'$').map_or(rest.len(), |dollar| dollar + 1);
            out.push_part(text, at..at + length);
            at += length;
        }
    }
    out
}

/// The text with the placeholders of templates marked as open; those of a shell are left to it.
pub(super) fn templated(text: &Assembled<'_>) -> Assembled<'static> {
    let bytes = text.text();
    let found = placeholder::find(bytes);
    let mut out = Assembled::default();
    let mut at = 0;
    for range in found.into_iter().filter(|range| bytes[range.start] != b'$') {
        out.push_part(text, at..range.start);
        out.push_open(text, range.clone());
        at = range.end;
    }
    out.push_part(text, at..bytes.len());
    out
}

/// The length of the `$…` that a text begins with; 1 if the dollar stands for itself.
fn variable(text: &[u8]) -> usize {
    match text.get(1) {
        Some(b'{') => 1 + nested(&text[1..], b'{', b'}'),
        Some(b'(') => 1 + nested(&text[1..], b'(', b')'),
        Some(b) if b.is_ascii_alphabetic() || *b == b'_' => {
            1 + text[1..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count()
        }
        Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'!' | b'$' | b'-') => 2,
        _ => 1,
    }
}

/// The length up to the bracket that closes the one a text begins with.
fn nested(text: &[u8], open: u8, close: u8) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        depth += usize::from(*byte == open);
        if *byte == close {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    text.len()
}

/// A word in the making: bytes of the command line, some left out.
struct Making<'t> {
    source: &'t Assembled<'t>,
    start: usize,
    /// What is copied next begins here.
    from: usize,
    text: Assembled<'static>,
    splits: bool,
    cuts: usize,
}

impl<'t> Making<'t> {
    fn new(source: &'t Assembled<'t>, start: usize) -> Self {
        Self { source, start, from: start, text: Assembled::default(), splits: false, cuts: 0 }
    }

    /// Leaves out bytes.
    fn cut(&mut self, at: usize, length: usize) {
        self.text.push_part(self.source, self.from..at);
        self.from = at + length;
        self.cuts += 1;
    }

    /// Keeps bytes as they are and marks them as open.
    fn fill(&mut self, range: Range<usize>) {
        let end = range.end.min(self.source.text().len());
        self.text.push_part(self.source, self.from..range.start);
        self.text.push_open(self.source, range.start..end);
        self.from = end;
    }

    fn finish(mut self, end: usize) -> Word {
        let from = self.from.min(end);
        self.text.push_part(self.source, from..end);
        let bytes = &self.source.text()[self.start..end];
        let around = bytes.first().copied().filter(|first| {
            matches!(first, b'"' | b'\'') && bytes.len() > 1 && bytes.last() == Some(first) && self.cuts == 2
        });
        Word { text: self.text, range: self.start..end, splits: self.splits, quote: around, is_quoted: self.cuts > 0 }
    }
}

enum Token {
    Word(Word),
    /// An operator, a newline, or nothing at the end.
    Operator(&'static [u8]),
}

/// Longer operators stand before those they begin with.
const OPERATORS: &[&[u8]] = &[b"&&", b"||", b"|&", b";;", b";", b"&", b"|", b"(", b")", b"\n"];

struct Lexer<'t> {
    text: &'t Assembled<'t>,
    bytes: &'t [u8],
    /// Which bytes are filled in by something that comes before the shell.
    open: Vec<bool>,
    at: usize,
    /// The words that end texts which begin at the next line.
    here: Vec<Vec<u8>>,
}

impl<'t> Lexer<'t> {
    fn new(text: &'t Assembled<'t>) -> Self {
        let bytes = text.text();
        let mut open = vec![false; bytes.len()];
        for range in text.open_in(&(0..bytes.len())) {
            open[range].fill(true);
        }
        Self { text, bytes, open, at: 0, here: Vec::new() }
    }

    fn rest(&self) -> &'t [u8] {
        &self.bytes[self.at..]
    }

    fn token(&mut self) -> Token {
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return Token::Operator(b"");
            }
            if self.open[self.at] {
                return Token::Word(self.word());
            }
            if rest.starts_with(b"\\\n") || rest.starts_with(b"\\\r\n") {
                self.at += rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |newline| newline + 1);
            } else if matches!(rest[0], b' ' | b'\t' | b'\r') {
                self.at += 1;
            } else if rest[0] == b'#' {
                self.at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
            } else if self.redirection() {
            } else if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(operator)) {
                self.at += operator.len();
                if *operator == b"\n" {
                    self.skip_here_texts();
                }
                return Token::Operator(operator);
            } else {
                return Token::Word(self.word());
            }
        }
    }

    /// Skips `2>&1`, `> file`, `<<END`; whether there was one.
    fn redirection(&mut self) -> bool {
        let rest = self.rest();
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let ampersand = usize::from(rest.starts_with(b"&>"));
        let Some(b'<' | b'>') = rest.get(digits.max(ampersand)) else { return false };
        let operator = &rest[digits.max(ampersand)..];
        let length = operator.iter().take_while(|b| b"<>&|-".contains(b)).count();
        let is_here = operator.starts_with(b"<<") && !operator.starts_with(b"<<<");
        self.at += digits.max(ampersand) + length;
        while matches!(self.rest().first(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        let has_target = self.rest().first().is_some_and(|b| !b"\n;&|".contains(b));
        if has_target && !operator[..length].ends_with(b"&-") {
            let target = self.word();
            if is_here {
                self.here.push(target.bytes().to_vec());
            }
        }
        true
    }

    fn skip_here_texts(&mut self) {
        for end in std::mem::take(&mut self.here) {
            while self.at < self.bytes.len() {
                let rest = self.rest();
                let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                self.at += (length + 1).min(rest.len());
                if rest[..length].trim_ascii() == end {
                    break;
                }
            }
        }
    }

    fn word(&mut self) -> Word {
        let mut word = Making::new(self.text, self.at);
        let mut quote: Option<u8> = None;
        while self.at < self.bytes.len() {
            let (byte, next) = (self.bytes[self.at], self.bytes.get(self.at + 1).copied());
            let doubled = quote == Some(b'"');
            if self.open[self.at] {
                word.splits |= quote.is_none();
            } else if quote == Some(byte) {
                word.cut(self.at, 1);
                quote = None;
            } else if quote == Some(b'\'') {
                // Nothing counts in single quotes.
            } else if byte == b'\\' && next == Some(b'\n') {
                word.cut(self.at, 2);
                self.at += 1;
            } else if byte == b'\\' && (!doubled || next.is_some_and(|b| b"\\\"$`".contains(&b))) {
                word.cut(self.at, 1);
                self.at += 1;
            } else if byte == b'$' && variable(&self.bytes[self.at..]) > 1 {
                let length = variable(&self.bytes[self.at..]);
                word.splits |= quote.is_none();
                word.fill(self.at..self.at + length);
                self.at += length - 1;
            } else if byte == b'`' {
                let end = self.bytes[self.at + 1..].iter().position(|b| *b == b'`');
                let length = end.map_or(self.bytes.len() - self.at, |end| end + 2);
                word.splits |= quote.is_none();
                word.fill(self.at..self.at + length);
                self.at += length - 1;
            } else if quote.is_none() && matches!(byte, b'"' | b'\'') {
                word.cut(self.at, 1);
                quote = Some(byte);
            } else if quote.is_none() && b" \t\r\n;&|<>()".contains(&byte) {
                break;
            }
            self.at += 1;
        }
        self.at = self.at.min(self.bytes.len());
        let at = self.at;
        word.finish(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;
    use proptest::prelude::*;

    fn plain(text: &str) -> Assembled<'static> {
        Assembled::one(SourceId::ROOT, text.as_bytes()).part(0..text.len())
    }

    fn shown(words: &[Word]) -> Vec<String> {
        let mark = |word: &Word| if word.text.is_open() { "?" } else { "" };
        words.iter().map(|word| format!("{}{}", String::from_utf8_lossy(word.bytes()), mark(word))).collect()
    }

    fn commands(text: &str) -> Vec<Vec<String>> {
        script(&plain(text)).iter().map(|command| shown(&command.words)).collect()
    }

    #[test]
    fn a_script_is_a_row_of_commands() {
        let text = "set -e # x\nexport A=\"b c\" && cat <<EOF > /x.conf\nport 1; y\nEOF\nif [ \"$A\" ]; then\n  exec redis-server \\\n    --save '' --maxmemory $MAX --requirepass \"a'\\\"b\" 2>&1\nfi | tee";
        assert_eq!(
            commands(text),
            [
                vec!["set", "-e"],
                vec!["export", "A=b c"],
                vec!["cat"],
                vec!["[", "$A?", "]"],
                vec!["exec", "redis-server", "--save", "", "--maxmemory", "$MAX?", "--requirepass", "a'\"b"],
                vec!["tee"],
            ]
        );
    }

    #[test]
    fn what_surrounds_a_command_is_known() {
        let last = |text: &str| script(&plain(text)).pop().unwrap();
        assert!(last("a; b").behind == Behind::Nothing && !last("a; b").is_nested);
        assert_eq!(last("a; b\n").behind, Behind::Bytes);
        assert!(last("if a; then b; fi").is_nested && last("(b)").is_nested && last("{ b; }").is_nested);
        assert!(last("a | b").is_beside && last("b &").is_beside && !last("a && b").is_beside);
        assert!(!last("if a; then c; fi; b").is_nested);
    }

    #[test]
    fn expansions_are_open_and_split_outside_quotes() {
        let words = &script(&plain("x $A ${B:-c d} \"$C\" '$D' `e f` $(g h)i a$$ $"))[0].words;
        assert_eq!(shown(words), ["x", "$A?", "${B:-c d}?", "$C?", "$D", "`e f`?", "$(g h)i?", "a$$?", "$"]);
        let splits: Vec<bool> = words.iter().map(|word| word.splits).collect();
        assert_eq!(splits, [false, true, true, false, false, true, true, true, false]);
    }

    #[test]
    fn compose_drops_what_follows_an_operator_and_keeps_no_newline() {
        let words = |text: &str| shown(&compose(&interpolated(&plain(text))));
        assert_eq!(
            words("redis-server --save \"\"\n --a 'b c' $$d ${E:-f g}"),
            ["redis-server", "--save", "", "--a", "b c", "$d", "${E:-f g}?"]
        );
        assert_eq!(words("redis-server --a b && echo"), ["redis-server", "--a", "b"]);
        assert_eq!(words("a \\ --b"), ["a", " --b"]);
        assert_eq!(words("sh -c \"x --a $$B\""), ["sh", "-c", "x --a $B"]);
    }

    #[test]
    fn systemd_has_specifiers_and_splits_only_whole_variables() {
        let words: Vec<Vec<String>> = systemd(&plain("-/usr/bin/redis-server /etc/%i.conf 'a b' $ARGS ${X} 100%% ; x"))
            .iter()
            .map(|c| shown(c))
            .collect();
        assert_eq!(
            words,
            [vec!["-/usr/bin/redis-server", "/etc/%i.conf?", "a b", "$ARGS?", "${X}?", "100%"], vec!["x"]]
        );
        let words = &systemd(&plain("a $ARGS ${X}"))[0];
        assert!(words[1].splits && !words[2].splits);
    }

    #[test]
    fn placeholders_of_templates_may_hold_blanks() {
        let words = &script(&templated(&plain("redis-server --maxmemory {{ .Values.max | quote }} --port 1")))[0].words;
        assert_eq!(shown(words), ["redis-server", "--maxmemory", "{{ .Values.max | quote }}?", "--port", "1"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_split_without_a_panic(text in "[a-z$'\"`\\\\ \n#;&|<>(){}0-9%*@-]{0,40}") {
            let plain = plain(&text);
            let lists = [
                script(&plain).into_iter().flat_map(|command| command.words).collect(),
                compose(&interpolated(&plain)),
                systemd(&templated(&plain)).concat(),
            ];
            for words in lists {
                let ordered = words.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start);
                prop_assert!(ordered, "{:?}", text);
            }
        }
    }
}
