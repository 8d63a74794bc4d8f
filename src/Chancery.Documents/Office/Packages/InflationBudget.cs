namespace Chancery.Documents;

/// <summary>How much an archive may still inflate to, over all its members.</summary>
internal sealed class InflationBudget
{
    private const long MaxBytes = 400_000_000;

    private long _spent;

    /// <exception cref="DocumentUnreadableException">It is spent.</exception>
    public void Spend(int bytes)
    {
        _spent += bytes;
        if (_spent > MaxBytes)
        {
            throw Failures.UnpacksTooLarge();
        }
    }
}
