// The kernels of PaiNN in one table.
namespace painn {

#include "networks/painn/messages.inl"
#include "networks/painn/messages_back.inl"
#include "networks/painn/update.inl"

const PainnKernels kernels{send, messages, messages_back, send_back, update, update_back};

}  // namespace painn
