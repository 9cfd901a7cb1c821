//! Whether different persons can fill all the places of all the steps (W5, W11).
