// One message to a local datagram socket; Node itself speaks datagrams over the network only.
#pragma once

#include <napi.h>

namespace portcullis {

// sendDatagram(path, text). A path that begins with @ is an abstract name. Never waits.
void SendDatagram(const Napi::CallbackInfo& info);

}  // namespace portcullis
