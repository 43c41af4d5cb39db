//! The colours of pages, in light and dark, each stated once: the style is made of them, and a test measures them.

/// A colour by its name in the style, in light and in dark.
pub(super) struct Colour {
    pub(super) name: &'static str,
    pub(super) light: u32,
    pub(super) dark: u32,
}

const fn colour(name: &'static str, light: u32, dark: u32) -> Colour {
    Colour { name, light, dark }
}

/// All of them, sorted by name.
pub(super) const PALETTE: &[Colour] = &[
    colour("back", 0x00f5_f6f8, 0x000f_1318),
    colour("bar", 0x002a_66c8, 0x005b_9dff),
    colour("card", 0x00ff_ffff, 0x0017_1d25),
    colour("error", 0x00b4_2318, 0x00ff_8f85),
    colour("info", 0x000b_5cad, 0x0079_c0ff),
    colour("line", 0x00c9_d1da, 0x0034_3f4c),
    colour("muted", 0x0050_5a65, 0x00a6_b1be),
    colour("text", 0x001b_1f24, 0x00e6_edf3),
    colour("track", 0x00e7_ebf0, 0x0026_2f3a),
    colour("warning", 0x0085_4f00, 0x00f0_b350),
];

/// The colours as variables of the style; paper is light whatever the screen is.
pub(super) fn variables() -> String {
    let all = |read: fn(&Colour) -> u32| -> String {
        PALETTE.iter().map(|colour| format!("--{}:#{:06x};", colour.name, read(colour))).collect()
    };
    let (light, dark) = (all(|colour| colour.light), all(|colour| colour.dark));
    format!(
        ":root{{color-scheme:light dark;{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance, as WCAG 2 defines it.
    fn luminance(colour: u32) -> f64 {
        let part = |shift: u32| {
            let value = f64::from((colour >> shift) & 0xff) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0)
    }

    fn contrast(one: u32, other: u32) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn find(name: &str) -> &'static Colour {
        PALETTE.iter().find(|colour| colour.name == name).unwrap()
    }

    #[test]
    fn the_measure_is_that_of_the_guideline() {
        assert!((contrast(0, 0x00ff_ffff) - 21.0).abs() < 0.01);
        assert!((contrast(0x0077_7777, 0x00ff_ffff) - 4.48).abs() < 0.01);
    }

    #[test]
    fn texts_stand_out_from_what_they_stand_on_and_bars_from_their_track() {
        assert!(PALETTE.is_sorted_by_key(|colour| colour.name));
        for read in [|colour: &Colour| colour.light, |colour: &Colour| colour.dark] {
            for below in ["back", "card", "track"] {
                for text in ["text", "muted", "error", "warning", "info"] {
                    let found = contrast(read(find(text)), read(find(below)));
                    assert!(found >= 4.5, "{text} on {below}: {found:.2}");
                }
            }
            for below in ["card", "track"] {
                for mark in ["bar", "error", "text"] {
                    let found = contrast(read(find(mark)), read(find(below)));
                    assert!(found >= 3.0, "{mark} on {below}: {found:.2}");
                }
            }
        }
    }
}
