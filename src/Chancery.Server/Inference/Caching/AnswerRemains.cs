using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Erasing;

namespace Chancery.Server.Inference.Caching;

/// <summary>An organisation's answers in this process. Those in Redis go with its keys.</summary>
internal sealed class AnswerRemains(AnswerCache answers) : ITenantRemains
{
    public string Name => "answers in memory";

    public Task<Remains> EraseAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        answers.ForgetHere(tenant);
        return Task.FromResult(default(Remains));
    }
}
