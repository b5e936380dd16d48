//! What a schema comes to.

/// Matching a pattern costs as much as judging by this number of subschemas at least, for text that patterns dislike, and
/// by one more for each [`STATE_BYTES`] of it.
const PATTERN_COST: u64 = 64;
/// Bytes of a compiled pattern that cost as much as a subschema.
const STATE_BYTES: u64 = 128;
/// What lies below a schema, itself included.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    /// Subschemas, each as often as it may be judged by.
    pub(super) count: u64,
    /// How many levels nest below it.
    pub(super) height: u32,
    /// Of `pattern` and `patternProperties`.
    pub(super) patterns: u64,
    /// What the patterns take when they are compiled; 0 where they are not measured.
    pub(super) pattern_bytes: u64,
    /// What values and names are compared with one by one.
    pub(super) names: u64,
}

impl Extent {
    /// With this below it.
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            count: self.count.saturating_add(below.count),
            height: self.height.max(below.height + 1),
            patterns: self.patterns.saturating_add(below.patterns),
            pattern_bytes: self.pattern_bytes.saturating_add(below.pattern_bytes),
            names: self.names.saturating_add(below.names),
        }
    }

    /// All of it, `times` times.
    pub(super) fn times(self, times: u64) -> Self {
        Self {
            count: self.count.saturating_mul(times),
            patterns: self.patterns.saturating_mul(times),
            pattern_bytes: self.pattern_bytes.saturating_mul(times),
            names: self.names.saturating_mul(times),
            ..self
        }
    }

    /// What judging one value by all of this costs at most, in subschemas.
    pub(super) fn cost(&self) -> u64 {
        let patterns = self.patterns.saturating_mul(PATTERN_COST).saturating_add(self.pattern_bytes / STATE_BYTES);
        self.count.saturating_add(self.names).saturating_add(patterns)
    }
}
