using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Gateway.ChatCompletions;
using Chancery.Server.Gateway.Translation;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Routing;

namespace Chancery.Server.Gateway.Messages;

/// <summary>
/// <c>POST /v1/messages</c>: Anthropic's Messages API over any model of the installation, whichever protocol that speaks, and over an
/// organisation's documents.
/// </summary>
/// <seealso href="https://docs.anthropic.com/en/api/messages"/>
internal static class MessagesEndpoint
{
    /// <summary>Of an answer whose figures are ours: <c>true</c>.</summary>
    private const string Estimated = "X-Chancery-Estimated";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/v1/messages", HandleAsync)
            .WithCost(RouteCost.Costly)
            .ForAnthropicClients("CreateMessage")
            .TakesIdempotencyKey()
            .WithExample(
                new RouteExample
                {
                    Body =
                        """{"model":"knowledge/all","max_tokens":500,"messages":[{"role":"user","content":"What does the document say?"}]}""",
                    ShowsContent = true,
                }
            );
        routes
            .MapPost("/v1/messages/count_tokens", CountAsync)
            .ForAnthropicClients("CountMessageTokens")
            .WithExample(
                new RouteExample
                {
                    Body = """{"model":"any","messages":[{"role":"user","content":"How long is this?"}]}""",
                }
            );
    }

    private static async Task HandleAsync(
        HttpContext http,
        Principal principal,
        ModelAnswers answers,
        GatewayOptions options,
        ShutdownGrace grace,
        TimeProvider time
    )
    {
        using var life = new CallLife(http, grace);
        var (request, wrong) = MessagesRequest.Read(
            await ChatCompletionsEndpoint.ReadAsync(http.Request, http.RequestAborted),
            needsLimit: true
        );
        var (answer, error) = request is null ? (null, wrong) : await answers.OpenAsync(http, principal, request, life);
        if (answer is null)
        {
            await AnthropicError.WriteAsync(http, error!);
            return;
        }

        await using (answer)
        {
            await (
                request!.IsStreamed
                    ? StreamAsync(http, answer, request, new EventWriter(http, options.PingInterval, time))
                    : WholeAsync(http, answer)
            );
        }
    }

    private static async Task CountAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var (request, wrong) = MessagesRequest.Read(
            await ChatCompletionsEndpoint.ReadAsync(http.Request, cancellationToken),
            needsLimit: false
        );
        if (request is null)
        {
            await AnthropicError.WriteAsync(http, wrong!);
            return;
        }

        http.Response.Headers[Estimated] = "true";
        await http.Response.WriteAsJsonAsync(
            new { input_tokens = request.InputTokens, estimated = true },
            cancellationToken
        );
    }

    private static async Task WholeAsync(HttpContext http, OpenAnswer answer)
    {
        var blocks = new AnswerBlocks();
        while (await answer.MoveNextAsync())
        {
            switch (answer.Current)
            {
                case AnswerPart.Broken { Error: var error }:
                    await AnthropicError.WriteAsync(http, error);
                    return;
                case AnswerPart.Ended end:
                    var json = new MessageWriter(answer.Model).Whole(blocks.All, end);
                    answer.TellHeaders(http.Response, isOver: true);
                    http.Response.ContentType = "application/json";
                    http.Response.ContentLength = json.Length;
                    await http.Response.Body.WriteAsync(json, http.RequestAborted);
                    return;
                case var part:
                    blocks.Add(part);
                    break;
            }
        }
    }

    private static async Task StreamAsync(
        HttpContext http,
        OpenAnswer answer,
        TranslatedRequest request,
        EventWriter events
    )
    {
        answer.TellHeaders(http.Response, isOver: false);
        events.Begin();
        var writer = new MessageWriter(answer.Model);
        var blocks = new AnswerBlocks();
        AnswerBlock? open = null;
        var known = answer.TokensSoFar;
        await writer.StartAsync(
            (known ?? new TokenCounts(request.InputTokens, 0, 0, 0, 0, 0)) with
            {
                Output = 0,
            },
            known is null,
            SendAsync
        );
        while (await events.WaitAsync(answer.MoveNextAsync(), http.RequestAborted))
        {
            var part = answer.Current;
            if (part is AnswerPart.Broken { Error: var error })
            {
                http.BrokeOff();
                await SendAsync("error", AnthropicError.ToJson(error, http.TraceIdentifier));
                return;
            }

            var (block, isNew) = blocks.Add(part);
            if (open is not null && (isNew || block is null))
            {
                await writer.EndAsync(open, SendAsync);
                open = null;
            }

            if (part is AnswerPart.Ended end)
            {
                await writer.FinishAsync(end, SendAsync);
                return;
            }

            if (isNew)
            {
                open = block;
                await writer.BeginAsync(block!, SendAsync);
            }

            await writer.AddAsync(block!, part, SendAsync);
        }

        Task SendAsync(string name, ReadOnlySpan<byte> data) => events.WriteAsync(name, data, http.RequestAborted);
    }
}
