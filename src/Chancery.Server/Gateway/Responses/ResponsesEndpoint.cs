using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Gateway.ChatCompletions;
using Chancery.Server.Gateway.Translation;
using Chancery.Server.Platform.Routing;

namespace Chancery.Server.Gateway.Responses;

/// <summary><c>POST /v1/responses</c>: OpenAI's Responses API, without what it stores, over any model and over documents.</summary>
/// <seealso href="https://platform.openai.com/docs/api-reference/responses"/>
internal static class ResponsesEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/v1/responses", HandleAsync)
            .WithCost(RouteCost.Costly)
            .ForOpenAIClients("CreateResponse")
            .TakesIdempotencyKey()
            .WithExample(
                new RouteExample
                {
                    Body = """{"model":"knowledge/all","input":"What does the document say?"}""",
                    ShowsContent = true,
                }
            );

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
        var (request, wrong) = ResponsesRequest.Read(
            await ChatCompletionsEndpoint.ReadAsync(http.Request, http.RequestAborted)
        );
        var (answer, error) = request is null
            ? (null, wrong)
            : await answers.OpenAsync(http, principal, request.Translated, life);
        if (answer is null)
        {
            await error!.WriteAsync(http);
            return;
        }

        await using (answer)
        {
            var writer = new ResponseWriter(request!, answer.Model, time);
            await (
                request!.IsStreamed
                    ? StreamAsync(http, answer, writer, new EventWriter(http, options.PingInterval, time))
                    : WholeAsync(http, answer, writer)
            );
        }
    }

    private static async Task WholeAsync(HttpContext http, OpenAnswer answer, ResponseWriter writer)
    {
        var blocks = new AnswerBlocks();
        while (await answer.MoveNextAsync())
        {
            switch (answer.Current)
            {
                case AnswerPart.Broken { Error: var error }:
                    await error.WriteAsync(http);
                    return;
                case AnswerPart.Ended end:
                    var json = writer.Whole(blocks.All, end);
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
        ResponseWriter writer,
        EventWriter events
    )
    {
        answer.TellHeaders(http.Response, isOver: false);
        events.Begin();
        var blocks = new AnswerBlocks();
        AnswerBlock? open = null;
        await writer.StartAsync(SendAsync);
        while (await events.WaitAsync(answer.MoveNextAsync(), http.RequestAborted))
        {
            var part = answer.Current;
            if (part is AnswerPart.Broken { Error: var error })
            {
                http.BrokeOff();
                await writer.FailAsync(error, http.TraceIdentifier, SendAsync);
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
                await writer.FinishAsync(blocks.All, end, SendAsync);
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
