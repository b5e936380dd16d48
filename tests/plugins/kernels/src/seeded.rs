//! Numbers that follow from a seed (SplitMix64).

/// The sequence of a seed.
pub(crate) struct Seeded(pub(crate) u64);

impl Seeded {
    /// The next number.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// The next one as a fraction from -1 to 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        // 53 bits: exactly what a float holds.
        (self.number() >> 11) as f64 * f64::EPSILON - 1.0
    }

    /// The next `count` numbers, as fractions.
    pub(crate) fn fractions(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.fraction()).collect()
    }
}
