# Wheels for Lambda, on any machine: chosen for MACHINE and PYTHON_VERSION, never compiled or run here.
MACHINE ?= aarch64
PYTHON_VERSION ?= 3.13

define install_wheels
	python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --no-compile \
		--only-binary :all: --implementation cp --python-version $(PYTHON_VERSION) \
		--platform manylinux_2_28_$(MACHINE) --platform manylinux_2_17_$(MACHINE) --platform manylinux2014_$(MACHINE) \
		--target "$(ARTIFACTS_DIR)/python" --requirement $(1)
endef

# What no import needs: tests, type stubs, what C compilers read, commands.
define remove_ballast
	find "$(ARTIFACTS_DIR)/python" -type d -name tests -prune -exec rm -r '{}' +
	find "$(ARTIFACTS_DIR)/python" -type f \
		\( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.h' -o -name '*.a' \) -exec rm '{}' +
	rm -rf "$(ARTIFACTS_DIR)/python/bin"
endef

# Layers are read-only: modules that are not compiled here are compiled in every cold start. Only the same Python can do
# it; it is told not to compare times (PEP 552), which zips do not keep well.
define compile_modules
	@if python$(PYTHON_VERSION) --version >/dev/null 2>&1; then \
		python$(PYTHON_VERSION) -m compileall -q -j 0 --invalidation-mode unchecked-hash \
			-s "$(ARTIFACTS_DIR)" -p /opt "$(ARTIFACTS_DIR)/python"; \
	else \
		echo "No python$(PYTHON_VERSION) is here to compile modules: they load slowly in cold starts." >&2; \
	fi
endef
