using System.Buffers;
using Chancery.Models;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Gateway.Knowledge;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Limits.Leases;
using Chancery.Server.Platform.Routing;

namespace Chancery.Server.Gateway.ChatCompletions;

/// <summary>
/// <c>POST /v1/chat/completions</c>: OpenAI's chat completions over any model of the installation. Request and answer are OpenAI's
/// own, member by member.
/// </summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/chat"/>
internal static class ChatCompletionsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/chat/completions", HandleAsync)
            .WithCost(RouteCost.Costly)
            .NotAudited("it costs and changes nothing; the ledger has it")
            .ForOpenAIClients("CreateChatCompletion")
            .TakesIdempotencyKey()
            .WithExample(
                new RouteExample
                {
                    Body =
                        """{"model":"knowledge/all","messages":[{"role":"user","content":"What does the document say?"}]}""",
                    ShowsContent = true,
                }
            );

    private static async Task HandleAsync(
        HttpContext http,
        Principal principal,
        ModelNaming naming,
        ChatRelay relay,
        KnowledgeCompletion knowledge,
        CachedCalls calls,
        GatewayOptions options,
        StreamPlaces streams,
        ShutdownGrace grace,
        TimeProvider time
    )
    {
        var cancellationToken = http.RequestAborted;
        var (body, error) = ChatRequestBody.Read(await ReadAsync(http.Request, cancellationToken));
        if (body is null)
        {
            await error!.WriteAsync(http);
            return;
        }

        if (body.IsStreamed && await streams.EnterAsync(http, principal) is { } busy)
        {
            await OpenAIError.Of(busy.ProblemDetails).WriteAsync(http);
            return;
        }

        if (KnowledgeModel.Is(body.Model))
        {
            await knowledge.AnswerAsync(http, principal, body);
            return;
        }

        var (targets, unknown) = await naming.ResolveAsync(principal, body.Model, body.Provider, cancellationToken);
        if (unknown is not null)
        {
            await unknown.WriteAsync(http);
            return;
        }

        var (caching, wrong) = RequestCaching.Of(http, principal, calls.Options);
        if (wrong is not null)
        {
            await wrong.WriteAsync(http);
            return;
        }

        var wish = caching is null ? null : CompletionCaching.WishOf(caching, body, targets[0], time);
        using var life = new CallLife(http, grace);
        try
        {
            var outcome = await calls.OpenAsync(PlanOf(principal, body, targets, relay), wish, life.Token);
            await AnswerAsync(http, outcome, body, options, life, time);
        }
        catch (OperationCanceledException) when (life.IsStopped && !http.Response.HasStarted)
        {
            await OpenAIError.Stopping.WriteAsync(http);
        }
    }

    private static async Task AnswerAsync(
        HttpContext http,
        RouteOutcome<RelayPart> outcome,
        ChatRequestBody body,
        GatewayOptions options,
        CallLife life,
        TimeProvider time
    )
    {
        switch (outcome)
        {
            case RouteOutcome<RelayPart>.Answering { Answer: var answer }:
                await using (answer)
                {
                    await AnswerAsync(http, answer, body, options, life, time);
                }

                break;
            case RouteOutcome<RelayPart>.OverBudget { Refusal: var refusal }:
                await OpenAIError.OverBudget(refusal, time.GetUtcNow()).WriteAsync(http);
                break;
            case RouteOutcome<RelayPart>.Uncounted:
                await OpenAIError.Uncounted.WriteAsync(http);
                break;
            case RouteOutcome<RelayPart>.Failed { Failure: var failure }:
                CallHeaders.Tell(http.Response, failure);
                await OpenAIError.Of(failure).WriteAsync(http);
                break;
        }
    }

    private static CallPlan<RelayPart> PlanOf(
        Principal principal,
        ChatRequestBody body,
        IReadOnlyList<ChatModel> targets,
        ChatRelay relay
    ) =>
        new(
            Payer.Of(principal),
            new UsagePurpose(UsageComponent.Gateway, "chat"),
            targets,
            body.InputTokens,
            body.MostTokens,
            (model, cancel) => relay.AskAsync(model, body, cancel),
            FactsOf
        )
        {
            IsStreamed = body.IsStreamed,
            Choices = body.Choices,
            Needs = body.Needs,
            Temperature = body.Temperature,
        };

    private static PartFacts FactsOf(RelayPart part) =>
        new(
            part.IsContent ? PartKind.Content : PartKind.Metadata,
            (part.ContentBytes + 3) / 4,
            part.Json.Length,
            part.FinishReason,
            part.Usage,
            part.Model,
            part.Id
        );

    private static async Task AnswerAsync(
        HttpContext http,
        RoutedAnswer<RelayPart> answer,
        ChatRequestBody body,
        GatewayOptions options,
        CallLife life,
        TimeProvider time
    )
    {
        var cancellationToken = http.RequestAborted;
        if (body.IsStreamed)
        {
            CallHeaders.Tell(http.Response, answer, withCost: false);
            await new EventWriter(http, options.PingInterval, time).CopyAsync(
                answer,
                part => part.IsUsageOnly && !body.WantsUsage,
                life,
                cancellationToken
            );
            return;
        }

        ReadOnlyMemory<byte> whole = default;
        try
        {
            while (await answer.MoveNextAsync())
            {
                whole = answer.Current.Json;
            }
        }
        catch (ModelException fault)
        {
            await OpenAIError.BrokeOff(fault).WriteAsync(http);
            return;
        }

        CallHeaders.Tell(http.Response, answer, withCost: true);
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = whole.Length;
        await http.Response.BodyWriter.WriteAsync(whole, cancellationToken);
    }

    /// <summary>All of the body, in memory of its own: attempts may outlive the request's buffers.</summary>
    /// <exception cref="BadHttpRequestException">It is larger than the server takes.</exception>
    internal static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
