using System.Security.Cryptography;
using System.Text;
using Chancery.Evaluation.Rollouts;

namespace Chancery.Evaluation.Tests.Rollouts;

public sealed class RolloutAssignmentTests
{
    private static readonly Guid _rollout = Guid.Parse("0195c6f0-8a3e-7b11-9d2c-0123456789ab");

    [Fact]
    public void A_bucket_is_what_any_other_program_would_compute_from_the_same_bytes()
    {
        byte[] input =
        [
            .. Convert.FromHexString("0195c6f08a3e7b119d2c0123456789ab"),
            .. Encoding.UTF8.GetBytes("Zoë/42"),
        ];
        var expected = Convert.ToUInt64(Convert.ToHexString(SHA256.HashData(input))[..16], 16) % 10_000;

        Assert.Equal((int)expected, RolloutAssignment.BucketOf(_rollout, "Zoë/42"));
    }

    [Fact]
    public void Who_was_reached_at_one_exposure_is_reached_at_every_higher_one()
    {
        int[] exposures = [0, 100, 500, 2_500, 5_000, 10_000];

        for (var unit = 0; unit < 2_000; unit++)
        {
            var reached = exposures
                .Select(exposure => RolloutAssignment.IsTreated(_rollout, $"unit {unit}", exposure))
                .ToList();

            Assert.Equal(reached.Order(), reached);
            Assert.False(reached[0]);
            Assert.True(reached[^1]);
        }
    }

    [Fact]
    public void Buckets_are_filled_evenly_and_another_rollout_deals_anew()
    {
        const int Units = 50_000;
        var other = Guid.Parse("0195c6f0-8a3e-7b11-9d2c-0123456789ac");
        var (first, both) = (0, 0);
        var deciles = new int[10];
        for (var unit = 0; unit < Units; unit++)
        {
            var bucket = RolloutAssignment.BucketOf(_rollout, $"u{unit}");
            deciles[bucket / 1_000]++;
            if (bucket < 500)
            {
                first++;
                both += RolloutAssignment.IsTreated(other, $"u{unit}", 500) ? 1 : 0;
            }
        }

        // Within five standard deviations.
        Assert.All(deciles, decile => Assert.InRange(decile, 5_000 - 336, 5_000 + 336));
        Assert.InRange(both, first * 0.05 - 55, first * 0.05 + 55);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\ud800")]
    [InlineData("\0")]
    public void Every_text_is_a_unit(string unit) =>
        Assert.InRange(RolloutAssignment.BucketOf(_rollout, unit), 0, RolloutAssignment.Buckets - 1);
}
