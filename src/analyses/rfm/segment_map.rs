//! Which segment each of the 125 cells (r, f, m) belongs to: maps that are built in, and the user's own.
//!
//! A map is text: segments in order, each with the cells it takes. A cell is three signs, for recency, frequency and
//! monetary, or two, for every monetary score: a score `1` to `5`, a range `[2-4]`, or `*` for any. Every cell must be
//! taken once.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::SCORES;

/// Ten segments by recency and frequency; monetary decides who must not be lost.
const STANDARD: &[(&str, &str)] = &[
    ("champions", "[4-5][4-5]"),
    ("loyal", "3[4-5]"),
    ("potential_loyalist", "[4-5][2-3]"),
    ("new", "51"),
    ("promising", "41"),
    ("need_attention", "3[1-3]"),
    ("about_to_sleep", "2[1-2]"),
    ("cant_lose", "1[4-5][4-5]"),
    ("at_risk", "2[3-5] 13 1[4-5][1-3]"),
    ("hibernating", "1[1-2]"),
];

/// The list of 125 codes in eleven segments that many notebooks share.
const CELLS_125: &[(&str, &str)] = &[
    ("champions", "555 554 544 545 454 455 445"),
    ("loyal", "543 444 435 355 354 345 344 335"),
    (
        "potential_loyalist",
        "553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 353 352 351 342 341 333 323",
    ),
    ("new", "512 511 422 421 412 411 311"),
    ("promising", "525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313"),
    ("need_attention", "535 534 443 434 343 334 325 324"),
    ("about_to_sleep", "331 321 312 221 213 231 241 251"),
    ("at_risk", "255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124"),
    ("cant_lose", "155 154 144 214 215 115 114 113"),
    ("hibernating", "332 322 233 232 223 222 132 123 122 212 211"),
    ("lost", "111 112 121 131 141 151"),
];

/// The ten segments of recency by frequency that tutorials teach.
const CELLS_25: &[(&str, &str)] = &[
    ("champions", "5[4-5]"),
    ("loyal", "[3-4][4-5]"),
    ("potential_loyalist", "[4-5][2-3]"),
    ("new", "51"),
    ("promising", "41"),
    ("need_attention", "33"),
    ("about_to_sleep", "3[1-2]"),
    ("cant_lose", "[1-2]5"),
    ("at_risk", "[1-2][3-4]"),
    ("hibernating", "[1-2][1-2]"),
];

/// The 25 cells under the names Shopify shows its merchants; its eleventh group, prospects, is customers without any
/// order, who have no scores.
const SHOPIFY: &[(&str, &str)] = &[
    ("champions", "5[4-5]"),
    ("loyal", "[3-4][4-5]"),
    ("active", "[4-5][2-3]"),
    ("new", "51"),
    ("promising", "41"),
    ("needs_attention", "33"),
    ("almost_lost", "3[1-2]"),
    ("previously_loyal", "[1-2]5"),
    ("at_risk", "[1-2][3-4]"),
    ("dormant", "[1-2][1-2]"),
];

/// A map in `langgan.toml`.
type Cells = &'static [(&'static str, &'static str)];

/// The maps that are built in, by name.
pub const BUILT_IN: [(&str, Cells); 4] =
    [("standard", STANDARD), ("cells_125", CELLS_125), ("cells_25", CELLS_25), ("shopify", SHOPIFY)];

/// Where a customer without an order in the window is; no segment may be called so.
pub const OUTSIDE: &str = "outside";

/// A map that takes every cell once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Text", into = "Text")]
pub struct SegmentMap {
    text: Text,
    names: Vec<String>,
    patterns: Vec<String>,
    /// The segment of each cell, see [`place`].
    segments: [u8; 125],
}

/// A map as it is written: the name of one that is built in, or segments with their cells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Text {
    BuiltIn(String),
    Own(Map<String, Value>),
}

impl Default for SegmentMap {
    fn default() -> SegmentMap {
        let segments = STANDARD.iter().map(|(name, cells)| ((*name).into(), (*cells).into())).collect();
        match SegmentMap::new(Text::BuiltIn("standard".into()), segments) {
            Ok(map) => map,
            Err(_) => unreachable!("a test builds every map"),
        }
    }
}

impl TryFrom<Text> for SegmentMap {
    type Error = String;

    fn try_from(text: Text) -> Result<SegmentMap, String> {
        let segments = match &text {
            Text::BuiltIn(name) => {
                let found = BUILT_IN.iter().find(|(known, _)| known == name).ok_or_else(|| {
                    let known: Vec<&str> = BUILT_IN.iter().map(|(known, _)| *known).collect();
                    format!("there is no map `{name}`; known are {}, or a table of your own", known.join(", "))
                })?;
                found.1.iter().map(|(name, cells)| ((*name).to_string(), (*cells).to_string())).collect()
            }
            Text::Own(own) => own
                .iter()
                .map(|(name, cells)| Ok((name.clone(), written(name, cells)?)))
                .collect::<Result<_, String>>()?,
        };
        SegmentMap::new(text, segments)
    }
}

impl From<SegmentMap> for Text {
    fn from(map: SegmentMap) -> Text {
        map.text
    }
}

/// The cells of a segment: one text, or a list of them.
fn written(name: &str, cells: &Value) -> Result<String, String> {
    let list: Option<Vec<&str>> = match cells {
        Value::String(text) => Some(vec![text]),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    };
    list.map(|list| list.join(" ")).ok_or_else(|| format!("segment `{name}`: cells are text, as in \"[4-5][4-5] 35*\""))
}

impl SegmentMap {
    fn new(text: Text, written: Vec<(String, String)>) -> Result<SegmentMap, String> {
        let mut taken: [Option<u8>; 125] = [None; 125];
        for (segment, (name, cells)) in written.iter().enumerate() {
            let number = u8::try_from(segment).map_err(|_| "a map has at most 125 segments".to_string())?;
            if name.is_empty() || name == OUTSIDE {
                return Err(format!("a segment cannot be called `{name}`"));
            }
            let mut count = 0;
            for pattern in cells.split([' ', ',']).filter(|pattern| !pattern.is_empty()) {
                for [r, f, m] in cells_of(pattern)? {
                    let cell = &mut taken[place(r, f, m)];
                    if let Some(first) = cell.replace(number) {
                        return Err(format!(
                            "cell {r}{f}{m} (recency {r}, frequency {f}, monetary {m}) is covered twice: by `{}` and `{name}`",
                            written[usize::from(first)].0
                        ));
                    }
                    count += 1;
                }
            }
            if count == 0 {
                return Err(format!("segment `{name}` has no cell"));
            }
        }
        let mut segments = [0; 125];
        for [r, f, m] in all_cells() {
            segments[place(r, f, m)] = taken[place(r, f, m)].ok_or_else(|| {
                format!("cell {r}{f}{m} (recency {r}, frequency {f}, monetary {m}) is left out: it is in no segment")
            })?;
        }
        let (names, patterns) = written.into_iter().unzip();
        Ok(SegmentMap { text, names, patterns, segments })
    }

    /// The number of the segment of scores r, f, m, each 1 to 5.
    #[inline]
    pub fn segment(&self, r: u32, f: u32, m: u32) -> u8 {
        self.segments[place(r, f, m)]
    }

    /// The name of a segment.
    pub fn name(&self, segment: u8) -> &str {
        &self.names[usize::from(segment)]
    }

    /// The names, in the map's order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The cells of each segment as written.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }
}

/// Where a cell is in a table of 125.
#[inline]
fn place(r: u32, f: u32, m: u32) -> usize {
    (r as usize - 1) * 25 + (f as usize - 1) * 5 + m as usize - 1
}

fn all_cells() -> impl Iterator<Item = [u32; 3]> {
    (1..=SCORES).flat_map(|r| (1..=SCORES).flat_map(move |f| (1..=SCORES).map(move |m| [r, f, m])))
}

/// Every cell a pattern fits.
fn cells_of(pattern: &str) -> Result<Vec<[u32; 3]>, String> {
    let wrong =
        || format!("`{pattern}` is no cell: write r, f and m (or r and f) as 1 to 5, [2-4] or *, as in 54[1-3]");
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    let mut signs = pattern.chars();
    let score =
        |sign: Option<char>| sign.and_then(|sign| sign.to_digit(10)).filter(|score| (1..=SCORES).contains(score));
    while let Some(sign) = signs.next() {
        ranges.push(match sign {
            '*' => (1, SCORES),
            '[' => {
                let low = score(signs.next()).ok_or_else(wrong)?;
                let dash = signs.next() == Some('-');
                let high = score(signs.next()).filter(|high| dash && *high >= low).ok_or_else(wrong)?;
                if signs.next() != Some(']') {
                    return Err(wrong());
                }
                (low, high)
            }
            sign => score(Some(sign)).map(|score| (score, score)).ok_or_else(wrong)?,
        });
    }
    if ranges.len() == 2 {
        ranges.push((1, SCORES));
    }
    let [r, f, m] = ranges[..] else { return Err(wrong()) };
    let within = |score: u32, (low, high): (u32, u32)| (low..=high).contains(&score);
    Ok(all_cells().filter(|cell| within(cell[0], r) && within(cell[1], f) && within(cell[2], m)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SegmentMap, String> {
        #[derive(Deserialize)]
        struct Section {
            map: SegmentMap,
        }
        toml::from_str::<Section>(text).map(|section| section.map).map_err(|error| error.to_string())
    }

    #[test]
    fn every_map_takes_every_cell_once() {
        let sizes = |name: &str| {
            let map = parse(&format!("map = \"{name}\"")).unwrap();
            let mut sizes = vec![0; map.names().len()];
            for [r, f, m] in all_cells() {
                sizes[usize::from(map.segment(r, f, m))] += 1;
            }
            sizes
        };
        assert_eq!(sizes("standard"), [20, 10, 20, 5, 5, 15, 10, 4, 26, 10]);
        assert_eq!(sizes("cells_125"), [7, 8, 24, 7, 16, 8, 8, 22, 8, 11, 6]);
        assert_eq!(sizes("cells_25"), sizes("shopify"));
        assert_eq!(SegmentMap::default(), parse("map = \"standard\"").unwrap());
    }

    #[test]
    fn a_map_that_leaves_out_or_repeats_a_cell_is_refused_by_name() {
        for (text, message) in [
            (
                "[map]\nbest = \"[2-5]*\"\nrest = [\"1[1-4]\", \"15[1-4]\"]",
                "cell 155 (recency 1, frequency 5, monetary 5) is left out",
            ),
            (
                "[map]\nbest = \"[3-5]*\"\nrest = \"[1-3]*\"",
                "cell 311 (recency 3, frequency 1, monetary 1) is covered twice: by `best` and `rest`",
            ),
            ("[map]\nall = \"***\"\nnone = \"\"", "segment `none` has no cell"),
            ("[map]\nall = \"**6\"", "`**6` is no cell"),
            ("[map]\nall = \"[5-1]*\"", "`[5-1]*` is no cell"),
            ("[map]\nall = 5", "segment `all`: cells are text"),
            ("[map]\noutside = \"**\"", "cannot be called `outside`"),
            ("map = \"putler\"", "there is no map `putler`; known are standard, cells_125, cells_25, shopify"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn an_own_map_keeps_its_order_and_its_text() {
        let map = parse("[map]\nzebra = \"[3-5]*\"\nant = [\"[1-2]**\"]").unwrap();
        assert_eq!(map.names(), ["zebra", "ant"]);
        assert_eq!((map.segment(3, 1, 1), map.segment(2, 5, 5)), (0, 1));
        let json = serde_json::to_value(&map).unwrap();
        assert_eq!(json.to_string(), r#"{"zebra":"[3-5]*","ant":["[1-2]**"]}"#);
        assert_eq!(serde_json::from_value::<SegmentMap>(json).unwrap(), map);
    }
}
