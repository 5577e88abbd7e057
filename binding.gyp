{
  'targets': [
    {
      'target_name': 'portcullis',
      'sources': [
        'native/addon.cc',
        'native/arguments.cc',
        'native/datagram.cc',
        'native/errors.cc',
        'native/layout.cc',
        'native/link.cc',
        'native/map.cc',
        'native/object.cc',
        'native/peer.cc',
        'native/pidfd.cc',
        'native/ring.cc',
        'native/ring_buffer.cc',
        'native/testrun.cc',
      ],
      'include_dirs': [ "<!(node -p \"require('node-addon-api').include_dir\")" ],
      'defines': [ 'NAPI_VERSION=8', 'NAPI_CPP_EXCEPTIONS', 'NODE_ADDON_API_DISABLE_DEPRECATED', '_GNU_SOURCE' ],
      'cflags': [ '<!@(pkg-config --cflags libbpf)', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden' ],
      'cflags!': [ '-fno-exceptions' ],
      'cflags_cc': [ '-std=c++17' ],
      'cflags_cc!': [ '-fno-exceptions', '-std=gnu++17', '-std=gnu++20' ],
      # Fails here, with pkg-config's own sentence, when libbpf is older than 1.0 or its headers are not installed.
      'libraries': [ '<!@(pkg-config --print-errors "libbpf >= 1.0" && pkg-config --libs libbpf)' ],
    },
  ],
}
