// The kernels of the transformer in one table.
namespace transformer {

#include "networks/transformer/shapes.inl"
#include "networks/transformer/functions.inl"
#include "networks/transformer/attention.inl"
#include "networks/transformer/messages.inl"
#include "networks/transformer/messages_back.inl"
#include "networks/transformer/update.inl"
#include "networks/transformer/update_back.inl"

const TransformerKernels kernels{radial_functions, project,     unit_queries, attention,      gather,
                                 update,           update_back, send_back,    attention_back, project_back};

}  // namespace transformer
