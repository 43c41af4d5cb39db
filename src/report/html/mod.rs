//! Pages: one file each, that needs nothing else: no script, no request, no font of its own.

pub(super) mod chart;
mod palette;

use super::lint::escape::Xml;

/// What comes before the content of a page: all up to its landmarks.
pub(super) fn head(title: &str) -> String {
    let (variables, style) = (palette::variables(), include_str!("style.css"));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{}</title>\n<style>\n{variables}{style}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#content\">To the content</a>\n",
        Xml(title)
    )
}

/// What comes after it.
pub(super) fn foot() -> &'static str {
    "<footer><p>Written by redisconf. Names of keys, addresses and users are left out unless somebody asked for them.</p></footer>\n\
     </body>\n</html>\n"
}
