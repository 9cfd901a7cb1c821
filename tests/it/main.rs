//! tidy only, for now
mod tidy;
