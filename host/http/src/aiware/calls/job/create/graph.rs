//! The order of tasks: routes become what each task waits for, and parents are put before their children.

use std::collections::{BTreeSet, HashMap};

/// Something is wrong with the routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Circle {
    /// The place of a route that is part of a circle.
    pub(crate) route: usize,
}

/// A route between tasks, by their places in the client's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    /// Its place in the list of routes.
    pub(crate) place: usize,
    pub(crate) parent: usize,
    pub(crate) child: usize,
}

/// For each of `tasks` tasks those that it takes from, each once, in the order of the routes.
pub(crate) fn parents(tasks: usize, routes: &[Route]) -> Vec<Vec<usize>> {
    let (mut parents, mut seen) = (vec![Vec::new(); tasks], BTreeSet::new());
    for route in routes {
        if seen.insert((route.child, route.parent))
            && let Some(own) = parents.get_mut(route.child)
        {
            own.push(route.parent);
        }
    }
    parents
}

/// The places of the tasks with parents before children; otherwise in the order in which the client has them.
pub(crate) fn sorted(tasks: usize, routes: &[Route]) -> Result<Vec<usize>, Circle> {
    let parents = parents(tasks, routes);
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    for (child, of) in parents.iter().enumerate() {
        for parent in of {
            children.entry(*parent).or_default().push(child);
        }
    }
    let mut missing: Vec<usize> = parents.iter().map(Vec::len).collect();
    let mut ready: BTreeSet<usize> = (0..tasks).filter(|place| missing.get(*place) == Some(&0)).collect();
    let mut order = Vec::with_capacity(tasks);
    while let Some(place) = ready.pop_first() {
        order.push(place);
        for child in children.get(&place).into_iter().flatten() {
            if let Some(left) = missing.get_mut(*child) {
                *left -= 1;
                if *left == 0 {
                    ready.insert(*child);
                }
            }
        }
    }
    if order.len() == tasks {
        return Ok(order);
    }
    // What could not be put in order lies in a circle or behind one; what lies behind leads nowhere, and is taken away.
    let mut left: BTreeSet<usize> =
        (0..tasks).filter(|place| missing.get(*place).is_some_and(|left| *left > 0)).collect();
    loop {
        let leads = |place: &usize| children.get(place).into_iter().flatten().any(|child| left.contains(child));
        let kept: BTreeSet<usize> = left.iter().copied().filter(leads).collect();
        if kept.len() == left.len() {
            break;
        }
        left = kept;
    }
    let within = |route: &&Route| left.contains(&route.parent) && left.contains(&route.child);
    Err(Circle { route: routes.iter().find(within).map_or(0, |route| route.place) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(pairs: &[(usize, usize)]) -> Vec<Route> {
        let route =
            |(place, (parent, child)): (usize, &(usize, usize))| Route { place, parent: *parent, child: *child };
        pairs.iter().enumerate().map(route).collect()
    }

    #[test]
    fn parents_come_first_and_the_order_is_kept_otherwise() {
        assert_eq!(sorted(3, &[]), Ok(vec![0, 1, 2]));
        assert_eq!(sorted(4, &routes(&[(3, 1), (1, 0), (3, 0)])), Ok(vec![2, 3, 1, 0]));
        assert_eq!(parents(2, &routes(&[(1, 0), (1, 0)])), vec![vec![1], vec![]]);
    }

    #[test]
    fn a_circle_is_found_with_a_route_of_it() {
        // 0 → 1 → 2 → 1, and 2 → 3 behind the circle.
        assert_eq!(sorted(4, &routes(&[(0, 1), (2, 3), (1, 2), (2, 1)])), Err(Circle { route: 2 }));
        assert_eq!(sorted(1, &routes(&[(0, 0)])), Err(Circle { route: 0 }));
    }
}
