//! What the last papers' pictures were made into, kept for the next paper.

use std::sync::{Arc, Mutex, PoisonError};

use ventanilla_domain::Logo;

use super::picture::Picture;

/// Pictures that are kept: a server prints for few companies at a time.
const PICTURES_MAX: usize = 32;

/// Bytes that they may take together. A logo of the greatest size is a few hundred thousand.
const BYTES_MAX: usize = 8 << 20;

/// Pictures by their logos, the one asked for last at the end.
///
/// The logo itself is compared, not its hash alone: that is whatever its maker said it is.
#[derive(Debug)]
pub(super) struct Shelf(Mutex<Vec<(Logo, Arc<Picture>)>>);

impl Shelf {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The picture of a logo: as it was kept, or else as it is made, and kept from then on.
    pub(super) fn get(&self, logo: &Logo, draw: impl FnOnce(&Logo) -> Picture) -> Arc<Picture> {
        if let Some(kept) = self.take(logo) {
            self.put(logo, Arc::clone(&kept));
            return kept;
        }
        // Nobody waits meanwhile: two papers at once may both make it.
        let made = Arc::new(draw(logo));
        self.put(logo, Arc::clone(&made));
        made
    }

    fn take(&self, logo: &Logo) -> Option<Arc<Picture>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, _)| known == logo)?;
        Some(kept.remove(place).1)
    }

    /// Puts a picture at the end, and lets those go that were not asked for longest.
    fn put(&self, logo: &Logo, picture: Arc<Picture>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| known != logo);
        kept.push((logo.clone(), picture));
        let mut left = BYTES_MAX;
        let fitting = kept.iter().rev().take(PICTURES_MAX).take_while(|(logo, picture)| {
            let fits = left.checked_sub(picture.len() + logo.content().len());
            left = fits.unwrap_or(0);
            fits.is_some()
        });
        let gone = kept.len() - fitting.count();
        kept.drain(..gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A logo of one dot, told from others by its hash.
    fn logo(number: u8) -> Logo {
        let mut content = Vec::new();
        let mut encoder = png::Encoder::new(&mut content, 1, 1);
        encoder.set_color(png::ColorType::Rgba);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[1, 2, 3, number]).unwrap();
        writer.finish().unwrap();
        Logo::from_content(content, [7; 32]).unwrap()
    }

    /// Gets a logo's picture, and says whether it had to be made.
    fn is_made(shelf: &Shelf, number: u8, len: usize) -> bool {
        let mut is_made = false;
        shelf.get(&logo(number), |_| {
            is_made = true;
            Picture::of_len(len)
        });
        is_made
    }

    #[test]
    fn a_picture_is_made_once_though_another_logo_says_the_same_hash() {
        let shelf = Shelf::new();
        for (number, expected) in [(1, true), (1, false), (2, true), (1, false), (2, false)] {
            assert_eq!(is_made(&shelf, number, 10), expected, "{number}");
        }
    }

    #[test]
    fn those_not_asked_for_longest_make_room() {
        let shelf = Shelf::new();
        for number in 0..32 {
            assert!(is_made(&shelf, number, 10));
        }
        assert!(!is_made(&shelf, 0, 10), "all of them are kept");
        assert!(is_made(&shelf, 32, 10));
        assert!(!is_made(&shelf, 0, 10), "asked for a moment ago");
        assert!(is_made(&shelf, 1, 10), "the oldest made room");
    }

    #[test]
    fn they_take_so_many_bytes_together_and_one_that_takes_more_is_not_kept() {
        let shelf = Shelf::new();
        let third = BYTES_MAX / 3 - 1000;
        for number in 0..3 {
            assert!(is_made(&shelf, number, third));
        }
        assert!(!is_made(&shelf, 0, third));
        assert!(is_made(&shelf, 3, third));
        assert!(is_made(&shelf, 1, third), "it made room");
        assert!(is_made(&shelf, 4, BYTES_MAX + 1));
        assert!(is_made(&shelf, 4, BYTES_MAX + 1));
    }
}
