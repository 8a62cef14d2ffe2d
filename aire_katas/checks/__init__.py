"""What kata tests judge with: one module a noun, functions `assert_*(actual, expected, *, ...)`."""
