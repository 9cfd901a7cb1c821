# Two commands do everything: `make demo` and `make test`. `make help` lists the rest.
#
# The work is done by scripts/*.sh, which can be called by themselves; each begins with what it does.

# A toolchain from rustup is found even where the shell does not know its directory.
export PATH := $(PATH):$(HOME)/.cargo/bin

.DEFAULT_GOAL := help
.PHONY: help demo test test-schema test-twin races bench lint sqlx install fuzz

help:           ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

# With DEMO_EXIT=1 it ends after the story.
demo:           ## an approval from end to end on real servers, told as it happens; then a page to play with
	@scripts/demo.sh $(if $(filter 1,$(DEMO_EXIT)),--once)

test:           ## everything checked: format, lints, queries, all tests on the same real servers
	@scripts/test.sh

# DISCORD_OPENAPI names the description, which is not part of this project.
test-schema:    ## the Discord double, and what is sent to it, against Discord's own API description
	@scripts/test-schema.sh

test-twin:      ## the bot against a double of Discord that others wrote (from npm)
	@scripts/test-twin.sh

# ROUNDS=100 for fewer.
races:          ## a thousand rounds of everything that may happen at the same instant
	@scripts/races.sh $(ROUNDS)

# SECONDS=60 for a shorter one.
fuzz:           ## hostile mails for ten minutes, optimized: no panic, no false approval, bounded time and memory
	@scripts/fuzz.sh $(SECONDS)

bench:          ## every benchmark, or one: make bench NAME=core
	@scripts/bench.sh $(NAME)

lint:           ## format and lints only
	@scripts/lint.sh

sqlx:           ## after changing SQL or a migration: describes the queries anew, in .sqlx
	@scripts/sqlx.sh write

install:        ## what the above need on this machine, without the rest
	@scripts/install.sh test
