// Who is at the other end of a local stream socket; Node itself does not say.
#pragma once

#include <napi.h>

namespace portcullis {

// peerCredentials(descriptor): {pid, uid, gid}, as they were when the peer connected.
Napi::Value PeerCredentials(const Napi::CallbackInfo& info);

}  // namespace portcullis
