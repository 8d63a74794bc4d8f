using Microsoft.AspNetCore.Routing.Matching;

namespace Chancery.Server.Compatibility;

/// <summary>Says of a route that it is no answer for a browser that asks for a page.</summary>
internal sealed class ProgramsOnly
{
    private ProgramsOnly() { }

    public static ProgramsOnly Mark { get; } = new();
}

/// <summary>Leaves an address that older clients and the pages share to the pages, where <c>Accept</c> asks for HTML.</summary>
internal sealed class ProgramsOnlyPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    public override int Order => 0;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) =>
        endpoints.Any(endpoint => endpoint.Metadata.GetMetadata<ProgramsOnly>() is not null);

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        if (
            !HttpMethods.IsGet(httpContext.Request.Method)
            || !httpContext.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
        )
        {
            return Task.CompletedTask;
        }

        for (var place = 0; place < candidates.Count; place++)
        {
            if (
                candidates.IsValidCandidate(place)
                && candidates[place].Endpoint.Metadata.GetMetadata<ProgramsOnly>() is not null
            )
            {
                candidates.SetValidity(place, value: false);
            }
        }

        return Task.CompletedTask;
    }
}
