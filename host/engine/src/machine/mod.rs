//! The machine that the server is put on, or the container of one: how much memory and how many cores it has there, and who may have
//! how much of its memory.

pub mod background_drop;
pub mod budget;
mod cores;
mod memory;
pub(crate) mod priority;

pub use cores::Cores;
pub use memory::Memory;

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Memory of the machine or the container.
    pub memory: Memory,
    /// Cores of the machine or the container.
    pub cores: Cores,
}

impl Machine {
    /// Looks around.
    pub fn here() -> Self {
        Self { memory: Memory::here(), cores: Cores::here() }
    }
}
