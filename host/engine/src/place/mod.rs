//! Where the server is put: how much memory and how many cores it has there, be it a machine or a container of one.

mod cores;
mod memory;

pub use cores::Cores;
pub use memory::Memory;

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Memory of the machine or the container.
    pub memory: Memory,
    /// Cores of the machine or the container.
    pub cores: Cores,
}

impl Place {
    /// Looks around.
    pub fn here() -> Self {
        Self { memory: Memory::here(), cores: Cores::here() }
    }
}
