//! Limits where there is little memory: what would not fit is cut to what does.

use super::Limits;

/// A limit that was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Its key.
    pub key: &'static str,
    /// What it is now.
    pub to: u64,
}

impl Limits {
    /// Cuts to a memory budget of this many bytes what could never fit into it: one usual run, which holds `memory_bytes` and
    /// `output_bytes`, and what requests hold at a time, half of the budget. Answers what was cut.
    pub fn fit(&mut self, budget: u64) -> Vec<Cut> {
        let mut cuts = Vec::new();
        let one_run = self.memory_bytes.saturating_add(self.output_bytes);
        let mut cut = |key: &'static str, limit: &mut u64, most: u64| {
            if *limit > most {
                *limit = most;
                cuts.push(Cut { key, to: most });
            }
        };
        if one_run > budget {
            cut("output_bytes", &mut self.output_bytes, budget / 4);
            cut("memory_bytes", &mut self.memory_bytes, budget - self.output_bytes);
        }
        cut("body_bytes", &mut self.body_bytes, budget / 2);
        cut("table_bytes", &mut self.table_bytes, budget / 2);
        cut("component_bytes", &mut self.component_bytes, budget / 2);
        cuts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn cut(budget: u64) -> (Vec<(&'static str, u64)>, Limits) {
        let mut limits = Limits::default();
        let cuts = limits.fit(budget).into_iter().map(|cut| (cut.key, cut.to / MIB)).collect();
        (cuts, limits)
    }

    #[test]
    fn where_there_is_much_memory_nothing_is_cut() {
        assert_eq!(cut(2_048 * MIB), (Vec::new(), Limits::default()));
    }

    #[test]
    fn where_there_is_little_one_run_fits() {
        let (cuts, mut limits) = cut(240 * MIB);
        assert_eq!(
            cuts,
            [
                ("output_bytes", 60),
                ("memory_bytes", 180),
                ("body_bytes", 120),
                ("table_bytes", 120),
                ("component_bytes", 120)
            ]
        );
        limits.memory_budget_bytes = 240 * MIB;
        assert_eq!(limits.check(), Ok(()));
        // In between, only what is in the way.
        assert_eq!(cut(1_008 * MIB).0, [("table_bytes", 504)]);
        assert_eq!(cut(700 * MIB).0, [("output_bytes", 175), ("table_bytes", 350)]);
    }
}
