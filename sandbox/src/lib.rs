//! The sandbox: everything that Countersign needs around it to be tried out for real.
