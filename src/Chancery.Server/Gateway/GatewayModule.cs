using Chancery.Server.Answers;
using Chancery.Server.Gateway.ChatCompletions;
using Chancery.Server.Gateway.Embeddings;
using Chancery.Server.Gateway.Knowledge;
using Chancery.Server.Gateway.Messages;
using Chancery.Server.Gateway.Models;
using Chancery.Server.Gateway.Responses;
using Chancery.Server.Gateway.Translation;

namespace Chancery.Server.Gateway;

/// <summary>The only public door of this capability: the models and documents of an organisation, by the protocols that programs speak.</summary>
public static class GatewayModule
{
    public static WebApplicationBuilder AddGateway(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(provider => new GatewayOptions(
            provider.GetRequiredService<AnswersOptions>().PingInterval
        ));
        builder.Services.AddSingleton<ModelNaming>();
        builder.Services.AddSingleton<ChatRelay>();
        builder.Services.AddSingleton<KnowledgeModel>();
        builder.Services.AddSingleton<KnowledgeCompletion>();
        builder.Services.AddSingleton<ModelAnswers>();
        return builder;
    }

    public static void MapGateway(this WebApplication app)
    {
        ChatCompletionsEndpoint.Map(app);
        MessagesEndpoint.Map(app);
        ResponsesEndpoint.Map(app);
        EmbeddingsEndpoint.Map(app);
        ModelsEndpoint.Map(app);
    }
}
