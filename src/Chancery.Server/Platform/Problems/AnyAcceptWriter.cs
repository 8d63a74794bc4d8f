using System.Net.Mime;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Chancery.Server.Platform.Problems;

/// <summary>
/// Says what is wrong to callers that asked for something else, as for server-sent events: the framework's own writer says nothing
/// to them but the status.
/// </summary>
internal sealed class AnyAcceptWriter(IOptions<JsonOptions> json, IOptions<ProblemDetailsOptions> options)
    : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true;

    public ValueTask WriteAsync(ProblemDetailsContext context)
    {
        options.Value.CustomizeProblemDetails?.Invoke(context);
        var problem = context.ProblemDetails;
        return new ValueTask(
            context.HttpContext.Response.WriteAsJsonAsync(
                problem,
                problem.GetType(),
                json.Value.SerializerOptions,
                MediaTypeNames.Application.ProblemJson
            )
        );
    }
}
