//! Whose token a token was when it was last accepted. It decides nothing but whose requests are counted: what a
//! token is worth is asked of the books each time.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ventanilla_domain::CollectorId;

/// Tokens of one generation; two are remembered.
const GENERATION_LEN_MAX: usize = 8192;

/// Tokens that were accepted, by a hash that is worth nothing outside this process.
#[derive(Debug)]
pub(super) struct Known {
    hasher: RandomState,
    generation_len_max: usize,
    tokens: Mutex<Generations>,
}

/// Those used since the last turn, and those used before it, which the next turn forgets.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<u64, CollectorId>,
    old: HashMap<u64, CollectorId>,
}

impl Default for Known {
    fn default() -> Self {
        Self::with_generations_of(GENERATION_LEN_MAX)
    }
}

impl Known {
    fn with_generations_of(generation_len_max: usize) -> Self {
        Self { hasher: RandomState::new(), generation_len_max, tokens: Mutex::default() }
    }

    /// The collector whose token it was.
    pub(super) fn whose(&self, token: &str) -> Option<CollectorId> {
        let hash = self.hasher.hash_one(token);
        let mut tokens = self.lock();
        if let Some(collector) = tokens.young.get(&hash) {
            return Some(*collector);
        }
        let collector = tokens.old.remove(&hash)?;
        self.keep(&mut tokens, hash, collector);
        Some(collector)
    }

    /// The token was accepted.
    pub(super) fn learn(&self, token: &str, collector: CollectorId) {
        let hash = self.hasher.hash_one(token);
        let mut tokens = self.lock();
        self.keep(&mut tokens, hash, collector);
    }

    /// The token was refused: it is nobody's, or anybody could use up its collector's requests with it.
    pub(super) fn forget(&self, token: &str) {
        let hash = self.hasher.hash_one(token);
        let mut tokens = self.lock();
        tokens.young.remove(&hash);
        tokens.old.remove(&hash);
    }

    fn keep(&self, tokens: &mut Generations, hash: u64, collector: CollectorId) {
        if tokens.young.len() >= self.generation_len_max {
            tokens.old = std::mem::take(&mut tokens.young);
        }
        tokens.young.insert(hash, collector);
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collector(id: i64) -> CollectorId {
        CollectorId::from_i64(id).unwrap()
    }

    #[test]
    fn a_token_is_known_from_when_it_is_accepted_to_when_it_is_refused() {
        let known = Known::default();
        assert_eq!(known.whose("a"), None);
        known.learn("a", collector(1));
        known.learn("b", collector(2));
        assert_eq!((known.whose("a"), known.whose("b")), (Some(collector(1)), Some(collector(2))));
        known.forget("a");
        assert_eq!((known.whose("a"), known.whose("b")), (None, Some(collector(2))));
    }

    #[test]
    fn tokens_in_use_stay_known_and_the_memory_does_not_grow() {
        let known = Known::with_generations_of(10);
        known.learn("used", collector(1));
        for number in 0..1_000 {
            known.learn(&number.to_string(), collector(2));
            assert_eq!(known.whose("used"), Some(collector(1)), "{number}");
        }
        let tokens = known.lock();
        assert!(tokens.young.len() + tokens.old.len() <= 20);
        drop(tokens);
        assert_eq!(known.whose("0"), None, "what nobody uses is forgotten");
    }
}
