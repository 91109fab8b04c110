# How `sam build` makes the layers of other people's packages, each from its lock.
# Which machines they are for says the Makefile that includes this one: arm64/Makefile or x86_64/Makefile.
include wheels.mk

PACKAGES := $(ARTIFACTS_DIR)/python

.PHONY: build-WebhookLayer build-WorkflowLayer build-MediaLayer

build-WebhookLayer:
	$(call install_wheels,webhook.txt)
	$(remove_ballast)
	$(compile_modules)

build-WorkflowLayer:
	$(call install_wheels,workflow.txt)
	$(remove_ballast)
	$(compile_modules)

# A function and its layers may have 250 MB. Nothing of ours needs NumPy's Fortran or what its tests are made of, nor
# AVIF, which is no format that we take.
build-MediaLayer:
	$(call install_wheels,media.txt)
	$(remove_ballast)
	rm -r "$(PACKAGES)/numpy/f2py" "$(PACKAGES)"/numpy/_core/_*_tests.*.so "$(PACKAGES)"/numpy/_core/_simd.*.so
	rm "$(PACKAGES)"/PIL/_avif.*.so "$(PACKAGES)"/pillow.libs/libavif-*
	$(compile_modules)
