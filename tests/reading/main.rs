//! Reading replies, held against conversations and against arbitrary bytes.
//!
//! | file | what it holds |
//! |---|---|
//! | `by_hand.rs` | replies written by hand in `tests/reading/by_hand`, each with its answer |
//! | `conversations.rs` | replies put together: client, language, place, structure, encoding |
//! | `strangers.rs` | replies drawn at random from words that were written without the parser's |
//! | `tongues.rs` | what mail programs and people write, for them; nothing of it is the parser's |
//! | `fuzz.rs` | from raw bytes to the verdict: no panic, no false approval, bounded time and memory |
//! | `mail.rs` | a mail around a reply |

mod by_hand;
mod conversations;
mod fuzz;
mod mail;
mod strangers;
mod tongues;

/// Counts what the whole process has allocated, so that the peak of a reading is known.
#[global_allocator]
static PEAK: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;
