//! LIKE: whole texts against patterns with wildcards, in bounded work.
//!
//! `*` and `%` stand for any run of characters, `?` for one; everything else for itself, `_` too. A backslash makes the
//! character behind it ordinary; at the end of the pattern it stands for itself.
//!
//! The pattern is run as an automaton whose states are bits: state `n` means that the first `n` signs of the pattern are
//! used up, and a run of any characters is a state that stays. A text costs at most two words for each 64 signs of the
//! pattern and each character; nothing is tried twice.

use crate::query::case_folding::fold_char;

/// A pattern, ready to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    source: Box<str>,
    case_sensitive: bool,
    /// Signs other than runs.
    signs: usize,
    /// States that stay whatever comes: those with a run behind them.
    stay: Vec<u64>,
    /// States that any character leads on from.
    any: Vec<u64>,
    /// States that one character leads on from, by character: which word, which bits. Sorted.
    by_char: Vec<(char, usize, u64)>,
}

impl Pattern {
    /// Reads a pattern; each text is one.
    pub fn new(source: &str, case_sensitive: bool) -> Self {
        let mut pattern = Self {
            source: source.into(),
            case_sensitive,
            signs: 0,
            stay: Vec::new(),
            any: Vec::new(),
            by_char: Vec::new(),
        };
        let mut chars = source.chars();
        let mut single = Vec::new();
        while let Some(c) = chars.next() {
            match c {
                '*' | '%' => set(&mut pattern.stay, pattern.signs),
                '?' => {
                    set(&mut pattern.any, pattern.signs);
                    pattern.signs += 1;
                }
                c => {
                    let c = if c == '\\' { chars.next().unwrap_or(c) } else { c };
                    single.push((if case_sensitive { c } else { fold_char(c) }, pattern.signs));
                    pattern.signs += 1;
                }
            }
        }
        let words = pattern.signs / 64 + 1;
        pattern.stay.resize(words, 0);
        pattern.any.resize(words, 0);
        single.sort_unstable();
        for (c, sign) in single {
            let bit = 1 << (sign % 64);
            match pattern.by_char.last_mut() {
                Some((last, word, bits)) if *last == c && *word == sign / 64 => *bits |= bit,
                _ => pattern.by_char.push((c, sign / 64, bit)),
            }
        }
        pattern
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn weight(&self) -> u64 {
        1 + self.stay.len() as u64
    }

    /// Whether the whole text is as the pattern says.
    pub fn fits(&self, text: &str) -> bool {
        self.run(text, &mut 0)
    }

    /// The same; adds to `work` how many words were looked at.
    fn run(&self, text: &str, work: &mut u64) -> bool {
        let mut states = vec![0_u64; self.stay.len()];
        set(&mut states, 0);
        for c in text.chars() {
            *work += 1;
            let c = if self.case_sensitive { c } else { fold_char(c) };
            let start = self.by_char.partition_point(|(other, ..)| *other < c);
            let mut own = self.by_char.get(start..).unwrap_or_default().iter().take_while(|(other, ..)| *other == c);
            let mut next_own = own.next();
            let mut carry = 0;
            let mut alive = 0;
            for (word, ((state, stay), any)) in states.iter_mut().zip(&self.stay).zip(&self.any).enumerate() {
                *work += 1;
                let mut led = *any;
                if let Some((_, _, bits)) = next_own.filter(|(_, own, _)| *own == word) {
                    led |= bits;
                    next_own = own.next();
                }
                let moved = *state & led;
                *state = (moved << 1) | carry | (*state & stay);
                carry = moved >> 63;
                alive |= *state;
            }
            if alive == 0 {
                return false;
            }
        }
        get(&states, self.signs)
    }
}

fn set(words: &mut Vec<u64>, bit: usize) {
    if words.len() <= bit / 64 {
        words.resize(bit / 64 + 1, 0);
    }
    if let Some(word) = words.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}

fn get(words: &[u64], bit: usize) -> bool {
    words.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_grows_with_pattern_and_text_only() {
        // Both would make a matcher that tries again and again work for ages.
        for (pattern, text) in [
            ("*a".repeat(2_000) + "*b", "a".repeat(4_000)),
            ("*".to_owned() + &"a?".repeat(1_000) + "b", "a".repeat(4_000)),
        ] {
            let pattern = Pattern::new(&pattern, false);
            let mut work = 0;
            assert!(!pattern.run(&text, &mut work));
            let words = pattern.signs as u64 / 64 + 1;
            assert!(work <= text.len() as u64 * (words + 1), "{work}");
            assert!(pattern.by_char.len() <= pattern.signs, "memory beyond the pattern");
        }
    }
}
