# Belfry. Two commands do everything: make run, make test.
TEMPL       = github.com/a-h/templ/cmd/templ@v0.3.977
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
GOSEC       = github.com/securego/gosec/v2/cmd/gosec@v2.22.10

.PHONY: help run test lint gosec build bench bench-parts generate torture

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: ## serve a living demo community at http://localhost:8080
	go run ./cmd/belfry serve --demo

build: ## build bin/belfry
	CGO_ENABLED=0 go build -trimpath -o bin/belfry ./cmd/belfry

test: ## install what the tests need, run everything, say what could not run
	@bash .ci/test

lint: ## formatting, vet, staticcheck, known vulnerabilities, generated files
	@STATICCHECK=$(STATICCHECK) GOVULNCHECK=$(GOVULNCHECK) TEMPL=$(TEMPL) bash .ci/lint

gosec: ## known patterns of risk in the code; what is excluded says why
	@GOSEC=$(GOSEC) bash .ci/gosec

bench: ## one table of ratios beside their limits: make bench ROUNDS=5 POSTS=1000000 DATA=folder to keep the grown hubs in
	BELFRY_BENCH_ROUNDS=$(or $(ROUNDS),5) BELFRY_BENCH_POSTS=$(or $(POSTS),100000) BELFRY_BENCH_FEW=$(or $(FEW),1000) BELFRY_BENCH_DATA=$(DATA) go test -tags bench -run TestLimits -v -timeout 60m ./server

bench-parts: ## the benchmarks of single parts
	go test -run '^$$' -bench . -benchtime 2s ./server ./server/search ./store ./store/codec ./store/kv/bolt ./store/gazetteer ./locales

generate: ## make the page components anew, and towns and map when DATA=folder of their sources is given
	@TEMPL=$(TEMPL) bash .ci/generate
	$(if $(DATA),TOWN_DATA=$(abspath $(DATA)) MAP_DATA=$(abspath $(DATA)) go generate ./store/gazetteer ./frontend/townmap)

torture: ## the long form of the safety tests, with a table at the end: make torture ROUNDS=100 SOAK=2h
	@ROUNDS=$(or $(ROUNDS),100) SOAK=$(or $(SOAK),10m) bash .ci/torture
