//! Steps on rwlocks.

use crate::actor::{Actor, Flow};
use crate::hold::Hold;
use contend_scenario::{Step, Target};

impl Actor {
    /// Has the rwlock together with other readers while it runs the body.
    pub(crate) async fn read(&mut self, target: &Target, body: &[Step]) -> Flow {
        let id = self.target(target);
        let Some(rwlock) = self.run.rwlock(id) else { return self.body(body).await };
        self.give_way().await;
        rwlock.read(&mut self.pen).await;
        self.keep(id, Hold::Rwlock(rwlock));
        self.body(body).await?;
        self.release(id);
        Ok(())
    }

    /// Has the rwlock alone while it runs the body.
    pub(crate) async fn write(&mut self, target: &Target, body: &[Step]) -> Flow {
        let id = self.target(target);
        let Some(rwlock) = self.run.rwlock(id) else { return self.body(body).await };
        self.give_way().await;
        rwlock.write(&mut self.pen).await;
        self.keep(id, Hold::Rwlock(rwlock));
        self.body(body).await?;
        self.release(id);
        Ok(())
    }
}
