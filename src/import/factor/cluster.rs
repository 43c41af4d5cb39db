//! Which instances share a layer, and what it says: an algorithm on numbers that knows nothing of directives.
//!
//! A row is an instance, a column is a directive, a [`Cell`] is what the instance means by it. What is minimised is the
//! number of lines: those of the layers, those that instances have of their own, and `overhead` for each layer, since a
//! layer more is a thing more to know. The way there:
//!
//! 1. The base says what most rows say, where that saves lines; all is done once more from what nearly all say, and the
//!    shorter result counts.
//! 2. Rows that are alike over the base become clusters by agglomeration: of all pairs the one whose union saves the most
//!    lines is united, until no union saves any.
//! 3. Each row goes to the cluster, or to the base alone, where it needs the fewest lines. Clusters that fewer than
//!    `min_share` rows share, or that do not pay for themselves, are given up, the worst first, until all are worth it.
//! 4. The base is chosen again, knowing the clusters; if it changed, the clusters are looked for again.
//!
//! Every choice among equals is made by position, and rows come sorted by name: the result depends on the rows alone.

use std::collections::BTreeMap;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::groups::Groups;
use super::tally::{Counts, Tally, agree, weight, word};

/// What a row means in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Cell {
    /// The value, from 1; 0 is one that no layer can say.
    pub(super) value: u32,
    /// Whether it needs no line as long as no layer speaks.
    pub(super) free: bool,
    /// Whether layers do not matter: the version lacks the directive.
    pub(super) lacks: bool,
}

/// How a column takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// Whether it tells clusters apart.
    pub(super) tells: bool,
    /// Percent of a layer's rows that must agree before the layer may speak; above 100, none does.
    pub(super) share: usize,
    /// Whether a higher layer can take a word back.
    pub(super) unsets: bool,
}

/// What a layer says in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Silent,
    Says(u32),
    Unset,
}

/// Rows and columns, and something that rows carry beside: a layer may carry it only if all its rows do.
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// What each row carries, sorted.
    pub(super) carries: Vec<Vec<u32>>,
}

/// Layers.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) base: Vec<Word>,
    pub(super) base_carries: Vec<u32>,
    pub(super) profiles: Vec<Profile>,
    /// The profile of each row; none is the base alone.
    pub(super) of: Vec<Option<usize>>,
}

/// A layer above the base.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) words: Vec<Word>,
    /// Beside what the base carries.
    pub(super) carries: Vec<u32>,
}

/// Lines for one thing that is carried.
const CARRIED: usize = 2;
/// Percent that make a value one of nearly all.
const NEARLY_ALL: usize = 80;
/// Rounds of base and clusters; two are usual.
const MAX_ROUNDS: usize = 4;
/// Different rows that are compared pair by pair; further ones join what these become.
const MAX_SEEDS: usize = 1200;

/// Lines of a row in one column over what the layers say.
pub(super) fn lines(cell: Cell, word: Word) -> usize {
    usize::from(match word {
        _ if cell.lacks => false,
        Word::Silent | Word::Unset => !cell.free,
        Word::Says(value) => cell.value != value,
    })
}

/// What is in force of two layers.
pub(super) fn over(base: Word, word: Word) -> Word {
    if word == Word::Silent { base } else { word }
}

/// Finds the layers.
pub(super) fn solve(table: &Table, min_share: usize) -> Layers {
    let count = table.rows.len();
    let silent = vec![Word::Silent; table.columns.len()];
    if count < min_share.max(2) {
        return Layers { base: silent, of: vec![None; count], ..Layers::default() };
    }
    let all: Vec<usize> = (0..count).collect();
    let of_all = Tally::of(table, &all);
    let solving = Solving { table, min_share, overhead: 4 + min_share };
    let mut best: Option<(usize, Layers)> = None;
    // With what most say, and with what nearly all do: the first makes the largest group of them the base.
    for share in [NEARLY_ALL, 0] {
        let mut base = table.words_of(&of_all, share);
        for _ in 0..MAX_ROUNDS {
            let layers = solving.over(&base, &of_all);
            let next = layers.base.clone();
            let size = table.size(&layers, solving.overhead);
            if best.as_ref().is_none_or(|(known, _)| size < *known) {
                best = Some((size, layers));
            }
            if next == base {
                break;
            }
            base = next;
        }
    }
    best.map(|(_, layers)| layers).unwrap_or_default()
}

impl Table {
    /// What a layer over `base` says for some rows: what costs the fewest lines.
    fn words(&self, tally: &Tally, base: &[Word]) -> Vec<Word> {
        let columns = self.columns.iter().zip(&tally.columns).zip(base);
        columns.map(|((column, found), base)| word(*column, found, *base)).collect()
    }

    /// What a base says of which at least so many percent agree.
    fn words_of(&self, tally: &Tally, share: usize) -> Vec<Word> {
        let columns = self.columns.iter().zip(&tally.columns);
        let stricter = |column: &Column| Column { share: column.share.max(share), ..*column };
        columns.map(|(column, found)| word(stricter(column), found, Word::Silent)).collect()
    }

    /// Lines of a row over two layers, what it carries not counted.
    fn row(&self, row: usize, base: &[Word], words: &[Word]) -> usize {
        let cells = self.rows[row].iter().zip(base.iter().zip(words));
        cells.map(|(cell, (base, word))| lines(*cell, over(*base, *word))).sum()
    }

    /// All lines.
    fn size(&self, layers: &Layers, overhead: usize) -> usize {
        let silent = vec![Word::Silent; self.columns.len()];
        let rows = layers.of.iter().enumerate().map(|(row, of)| {
            let (words, carried) = match of {
                Some(of) => (&layers.profiles[*of].words, layers.profiles[*of].carries.len()),
                None => (&silent, 0),
            };
            self.row(row, &layers.base, words) + CARRIED * (self.carries[row].len().saturating_sub(carried))
        });
        let own = layers.profiles.iter().map(|p| spoken(&p.words) + CARRIED * p.carries.len() + overhead);
        rows.sum::<usize>() + own.sum::<usize>() + spoken(&layers.base)
    }
}

/// Lines of a layer.
fn spoken(words: &[Word]) -> usize {
    words.iter().copied().map(weight).sum()
}

struct Solving<'a> {
    table: &'a Table,
    min_share: usize,
    overhead: usize,
}

impl Solving<'_> {
    /// Clusters over a base, then the base over these clusters.
    fn over(&self, base: &[Word], of_all: &Tally) -> Layers {
        let clusters = self.clusters(base);
        let of = self.settle(base, clusters);
        let members =
            |profile: usize| -> Vec<usize> { (0..of.len()).filter(|row| of[*row] == Some(profile)).collect() };
        let count = of.iter().flatten().max().map_or(0, |last| last + 1);
        let groups: Vec<Vec<usize>> = (0..count).map(members).collect();
        let tallies: Vec<Tally> = groups.iter().map(|rows| Tally::of(self.table, rows)).collect();
        let direct: Vec<usize> = (0..of.len()).filter(|row| of[*row].is_none()).collect();
        let base = self.base(of_all, &tallies, &Tally::of(self.table, &direct));
        let base_carries = self.carried_by_all(&(0..of.len()).collect::<Vec<_>>());
        let profiles = groups.iter().zip(&tallies).map(|(rows, tally)| Profile {
            words: self.table.words(tally, &base),
            carries: without(&self.carried_by_all(rows), &base_carries),
        });
        let profiles = profiles.collect();
        Layers { base, base_carries, profiles, of }
    }

    /// The base that costs the fewest lines under these profiles, and for the rows that have none.
    fn base(&self, of_all: &Tally, profiles: &[Tally], direct: &Tally) -> Vec<Word> {
        let cost = |at: usize, base: Word| {
            let column = self.table.columns[at];
            let of = |tally: &Tally| {
                let found = &tally.columns[at];
                let word = word(column, found, base);
                weight(word) + found.lines(over(base, word))
            };
            profiles.iter().map(of).sum::<usize>() + direct.columns[at].lines(base) + usize::from(base != Word::Silent)
        };
        let choose = |at: usize| {
            let found = &of_all.columns[at];
            let mut best = (cost(at, Word::Silent), 0, Word::Silent);
            for (value, count) in &found.values {
                let says = Word::Says(*value);
                if !agree(*count, found.total, self.table.columns[at].share) {
                    continue;
                }
                let lines = cost(at, says);
                if lines < best.0 || (lines == best.0 && best.2 != Word::Silent && *count > best.1) {
                    best = (lines, *count, says);
                }
            }
            best.2
        };
        (0..self.table.columns.len()).map(choose).collect()
    }

    /// What all of some rows carry.
    fn carried_by_all(&self, rows: &[usize]) -> Vec<u32> {
        let Some((first, others)) = rows.split_first() else { return Vec::new() };
        let carries = &self.table.carries;
        carries[*first].iter().copied().filter(|one| others.iter().all(|row| carries[*row].contains(one))).collect()
    }

    /// Agglomerates rows that differ in what tells; gives the groups.
    fn clusters(&self, base: &[Word]) -> Vec<Vec<usize>> {
        let telling: Vec<usize> = (0..self.table.columns.len())
            .filter(|at| self.table.columns[*at].tells)
            .filter(|at| self.table.rows.iter().any(|row| row[*at] != self.table.rows[0][*at]))
            .collect();
        let mut seeds: Vec<(Vec<Cell>, Vec<usize>)> = Vec::new();
        let mut known: BTreeMap<Vec<Cell>, usize> = BTreeMap::new();
        for (index, row) in self.table.rows.iter().enumerate() {
            let cells: Vec<Cell> = telling.iter().map(|at| row[*at]).collect();
            let at = *known.entry(cells.clone()).or_insert_with(|| {
                seeds.push((cells, Vec::new()));
                seeds.len() - 1
            });
            seeds[at].1.push(index);
        }
        // The most frequent first: with very many, the rare ones go to what these become, when all is settled.
        seeds.sort_by_key(|(_, rows)| (std::cmp::Reverse(rows.len()), rows[0]));
        seeds.truncate(MAX_SEEDS);
        let narrow = |(cells, rows): &(Vec<Cell>, Vec<usize>)| {
            let column = |cell: &Cell| {
                let mut column = Counts::default();
                column.add(*cell);
                column.values.iter_mut().for_each(|(_, count)| *count *= rows.len());
                Counts { total: column.total * rows.len(), bound: column.bound * rows.len(), ..column }
            };
            Tally { columns: cells.iter().map(column).collect() }
        };
        let columns: Vec<Column> = telling.iter().map(|at| self.table.columns[*at]).collect();
        let base: Vec<Word> = telling.iter().map(|at| base[*at]).collect();
        let mut groups = Groups {
            columns,
            base,
            overhead: self.overhead,
            tallies: seeds.iter().map(narrow).map(Some).collect(),
            costs: Vec::new(),
            best: Vec::new(),
        };
        groups.start();
        let mut rows: Vec<Vec<usize>> = seeds.into_iter().map(|(_, rows)| rows).collect();
        while let Some((into, from)) = groups.unite() {
            let moved = std::mem::take(&mut rows[from]);
            rows[into].extend(moved);
        }
        rows.retain(|rows| !rows.is_empty());
        for rows in &mut rows {
            rows.sort_unstable();
        }
        rows.sort_unstable();
        rows
    }

    /// Moves rows to where they are shortest, and gives up layers that are not worth it. Profiles are numbered by their
    /// first row.
    fn settle(&self, base: &[Word], mut groups: Vec<Vec<usize>>) -> Vec<Option<usize>> {
        let silent = vec![Word::Silent; base.len()];
        let count = self.table.rows.len();
        let alone: Vec<usize> = (0..count).map(|row| self.table.row(row, base, &silent)).collect();
        groups.retain(|rows| rows.len() >= self.min_share.div_ceil(2));
        loop {
            for _ in 0..8 {
                let moved = self.assigned(base, &alone, &groups);
                let same = moved == groups;
                groups = moved;
                if same {
                    break;
                }
            }
            groups.retain(|rows| !rows.is_empty());
            let worth: Vec<(bool, i64)> = groups.iter().map(|rows| self.worth(base, &alone, rows)).collect();
            let worst =
                (0..groups.len()).filter(|at| !worth[*at].0 || worth[*at].1 <= 0).min_by_key(|at| (worth[*at], *at));
            match worst {
                Some(at) => drop(groups.remove(at)),
                None => break,
            }
        }
        groups.sort_unstable();
        let mut of = vec![None; count];
        for (index, rows) in groups.iter().enumerate() {
            for row in rows {
                of[*row] = Some(index);
            }
        }
        of
    }

    /// Whether enough rows share a layer, and how many lines it saves.
    fn worth(&self, base: &[Word], alone: &[usize], rows: &[usize]) -> (bool, i64) {
        let layer = self.profile(base, rows);
        let without: usize = rows.iter().map(|row| alone[*row]).sum();
        let with: usize = rows.iter().map(|row| self.table.row(*row, base, &layer.words)).sum();
        let carried = CARRIED * layer.carries.len();
        let own = spoken(&layer.words) + self.overhead + carried;
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        (rows.len() >= self.min_share, number(without + carried * rows.len()) - number(with + own))
    }

    /// A layer for some rows. What nearly all of them carry is carried; rows that do not have to leave.
    fn profile(&self, base: &[Word], rows: &[usize]) -> Profile {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for row in rows {
            for one in &self.table.carries[*row] {
                *counts.entry(*one).or_default() += 1;
            }
        }
        let carries = counts.into_iter().filter(|(_, count)| agree(*count, rows.len(), 90)).map(|(one, _)| one);
        Profile { words: self.table.words(&Tally::of(self.table, rows), base), carries: carries.collect() }
    }

    /// Each row where it is shortest.
    fn assigned(&self, base: &[Word], alone: &[usize], groups: &[Vec<usize>]) -> Vec<Vec<usize>> {
        let layers: Vec<Profile> = groups.iter().map(|rows| self.profile(base, rows)).collect();
        let mut current = vec![usize::MAX; alone.len()];
        for (index, rows) in groups.iter().enumerate() {
            for row in rows {
                current[*row] = index;
            }
        }
        let best = |row: usize| -> Option<usize> {
            let carries = &self.table.carries[row];
            let fits = |layer: &Profile| layer.carries.iter().all(|one| carries.contains(one));
            let open = layers.iter().enumerate().filter(|(_, layer)| fits(layer));
            let priced = open.map(|(index, layer)| {
                let own = CARRIED * (carries.len() - layer.carries.len());
                (self.table.row(row, base, &layer.words) + own, index != current[row], index)
            });
            let (lines, _, index) = priced.min()?;
            (lines < alone[row] + CARRIED * carries.len()).then_some(index)
        };
        let places: Vec<Option<usize>> = (0..alone.len()).into_par_iter().map(best).collect();
        let mut moved = vec![Vec::new(); groups.len()];
        for (row, place) in places.into_iter().enumerate() {
            if let Some(place) = place {
                moved[place].push(row);
            }
        }
        moved
    }
}

fn without(all: &[u32], those: &[u32]) -> Vec<u32> {
    all.iter().copied().filter(|one| !those.contains(one)).collect()
}
