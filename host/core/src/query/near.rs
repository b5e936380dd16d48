//! NEAR: distances on the globe.

use crate::query::Field;

/// What a distance is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    /// `M`, and every text that names no unit.
    Miles,
    /// `K`.
    Kilometres,
    /// `N`.
    NauticalMiles,
}

/// A circle on the globe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    /// Degrees north of its centre.
    pub latitude: f64,
    /// Degrees east of its centre.
    pub longitude: f64,
    /// How far its edge is.
    pub distance: f64,
    /// In what.
    pub units: Units,
}

/// The mean radius of the earth.
const EARTH_KILOMETRES: f64 = 6_371.008_8;

impl Units {
    /// An unknown unit is miles.
    pub fn parse(text: &str) -> Self {
        match text {
            "K" | "k" => Self::Kilometres,
            "N" | "n" => Self::NauticalMiles,
            _ => Self::Miles,
        }
    }

    fn kilometres(self) -> f64 {
        match self {
            Self::Miles => 1.609_344,
            Self::Kilometres => 1.0,
            Self::NauticalMiles => 1.852,
        }
    }
}

impl Circle {
    /// Whether a place is nearer to the centre than the edge is; `None` where the field is no place.
    pub(super) fn holds(&self, field: &Field<'_>) -> Option<bool> {
        let Field::Location { latitude, longitude, .. } = field else { return None };
        let away = self.away(*latitude, *longitude);
        (!away.is_nan()).then_some(away < self.distance)
    }

    /// How far a place is from the centre, by the haversine formula; no height counts.
    fn away(&self, latitude: f64, longitude: f64) -> f64 {
        let (here, there) = (self.latitude.to_radians(), latitude.to_radians());
        let north = (there - here) / 2.0;
        let east = (longitude - self.longitude).to_radians() / 2.0;
        let h = north.sin().powi(2) + here.cos() * there.cos() * east.sin().powi(2);
        // Rounding can lead a little beyond 1 on the far side of the globe.
        2.0 * EARTH_KILOMETRES * h.clamp(0.0, 1.0).sqrt().asin() / self.units.kilometres()
    }
}
