//! Builds the parts, starts the loops, and stops everything in order.
