# Builds for arm64 on another processor: cmake --preset release -DCMAKE_TOOLCHAIN_FILE=deploy/aarch64.cmake
#
# Debian's cross compiler, and Debian's arm64 libraries: in their multiarch folders (the Dockerfile), or unpacked below VOC_SYSROOT
# (tests/arm64.sh). With qemu-user the tests and the build's own programs run, too.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(triplet aarch64-linux-gnu)
set(CMAKE_C_COMPILER ${triplet}-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE ${triplet})

set(VOC_SYSROOT "" CACHE PATH "A root with arm64's libraries; empty: this machine's own root")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES VOC_SYSROOT)
if(VOC_SYSROOT)
  set(CMAKE_SYSROOT ${VOC_SYSROOT})
  set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
endif()
set(ENV{PKG_CONFIG_LIBDIR} ${VOC_SYSROOT}/usr/lib/${triplet}/pkgconfig:${VOC_SYSROOT}/usr/share/pkgconfig)
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${VOC_SYSROOT}")

find_program(VOC_QEMU qemu-aarch64-static)
if(VOC_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${VOC_QEMU} -L ${VOC_SYSROOT}/)
endif()
